"""Sources: data containers to read, in a registry or a file, or behind a server."""
