"""A metadata function of this example, beside the built-in ones."""

from pathlib import Path


def parts(path):
    """Returns the parts of a path such as ssp245/tas_Amon_toy_2015.nc."""
    file = Path(path)
    variable, table, model, year = file.stem.split("_")
    return {"experiment": file.parent.name, "variable": variable, "table": table, "model": model, "year": int(year)}
