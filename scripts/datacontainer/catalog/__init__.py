"""Catalog: the records of all shards in one table, and counts over the whole dataset."""
