"""datacontainer: packs a folder of data into an image that answers questions about its files."""

__version__ = "0.2.0"
