"""Status of issued credentials: lists, how they are read, and how indexes are handed out."""
