"""The names of the index's file."""

EMBEDDED, BESIDE = "index.bin", "entrypoint.index"
