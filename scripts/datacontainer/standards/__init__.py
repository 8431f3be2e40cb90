"""Documents about a dataset in the formats of standards; each points at the catalog, so its size does not grow."""
