"""Push of a dataset's image to a registry."""
