"""Metadata functions to start from: name them in the configuration as "examples/metadata.py:lines"."""

from pathlib import Path


def lines(path):
    """For each file: its number of lines, and its first one."""
    content = Path(path).read_bytes()
    first = content.split(b"\n", 1)[0].decode("utf-8", "backslashreplace")
    return {"lines": content.count(b"\n"), "first_line": first}


def summary(catalog):
    """For the dataset: its mean file size. `catalog` is a pandas DataFrame with a row per file."""
    return {"mean_size": None if catalog.empty else float(catalog["size"].mean())}
