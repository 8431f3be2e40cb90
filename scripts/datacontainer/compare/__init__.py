"""Comparison of data containers: two versions, the history of a tag, and the containers of a registry."""
