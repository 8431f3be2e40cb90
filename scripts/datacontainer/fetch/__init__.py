"""Fetch: writes selected files of a data container to a folder."""
