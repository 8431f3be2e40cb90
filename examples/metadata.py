"""Examples of metadata functions. Name them in the configuration, for example "examples/metadata.py:lines"."""

from pathlib import Path


def lines(path):
    """Returns the number of lines of a file, and its first line."""
    content = Path(path).read_bytes()
    first = content.split(b"\n", 1)[0].decode("utf-8", "backslashreplace")
    return {"lines": content.count(b"\n"), "first_line": first}


def summary(catalog):
    """Returns the mean file size of the dataset. `catalog` is a pandas DataFrame with one row per file."""
    return {"mean_size": None if catalog.empty else float(catalog["size"].mean())}
