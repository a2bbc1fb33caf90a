"""What the world resolves: credential types, status lists, DIDs, the signed list."""
