"""Catalog: the shards' records joined into one table, and figures about the whole dataset."""
