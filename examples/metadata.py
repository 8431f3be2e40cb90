"""Example metadata functions: write them in the configuration as "examples/metadata.py:lines"."""

from pathlib import Path


def lines(path):
    """Returns the number of lines of a file, and the first line."""
    content = Path(path).read_bytes()
    first = content.split(b"\n", 1)[0].decode("utf-8", "backslashreplace")
    return {"lines": content.count(b"\n"), "first_line": first}


def summary(catalog):
    """Returns the mean file size of a dataset. `catalog` is a pandas DataFrame with one row per file."""
    return {"mean_size": None if catalog.empty else float(catalog["size"].mean())}
