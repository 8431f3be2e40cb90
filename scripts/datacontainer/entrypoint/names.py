"""File names of the index: inside of the binary, or external, next to the binary."""

EMBEDDED_INDEX, EXTERNAL_INDEX = "index.bin", "entrypoint.index"
