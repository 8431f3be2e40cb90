"""Scan: lists the files of a dataset and cuts the list into shards."""
