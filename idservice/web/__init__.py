"""What people see: templates, static files, texts, and the pages that belong to no one room."""
