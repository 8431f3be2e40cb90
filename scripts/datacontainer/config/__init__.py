"""Configuration: read, checked against its schema, completed with defaults, and documented."""
