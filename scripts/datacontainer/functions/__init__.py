"""User functions: the digests of their sources, the process that calls them, and the values that they return."""
