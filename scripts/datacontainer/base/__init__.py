"""Base: images on which the images of a dataset are built, in place of nothing."""
