"""Scan: lists the files of the dataset and cuts the list into shards."""
