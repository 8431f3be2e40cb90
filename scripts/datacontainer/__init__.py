"""datacontainer: a dataset's folder becomes an image that can be asked what it holds."""

__version__ = "0.2.0"
