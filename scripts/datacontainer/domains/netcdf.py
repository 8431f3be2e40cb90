"""NetCDF: dimensions, variables and CF names of a file, with netCDF4; the data is not read."""

from itertools import islice
from typing import Any

from netCDF4 import Dataset

from datacontainer.domains.bounds import MOST_ITEMS


def metadata(path: str) -> dict[str, Any]:
    """Dimensions, variables with dimensions, type and units, standard names of CF, and titles.

    Raises:
        OSError: if the file is no NetCDF, or damaged.
    """
    # The library refuses names that are not UTF-8.
    with open(path, "rb") as opened, Dataset(f"/proc/self/fd/{opened.fileno()}") as file:
        variables = dict(islice(file.variables.items(), MOST_ITEMS))
        return {
            "format": file.data_model,
            "dimensions": {name: len(one) for name, one in islice(file.dimensions.items(), MOST_ITEMS)},
            "variables": {name: _variable(one) for name, one in variables.items()},
            "standard_names": sorted(
                {str(name) for one in variables.values() if (name := _text(one, "standard_name"))}
            ),
            "groups": list(islice(file.groups, MOST_ITEMS)),
            "conventions": _text(file, "Conventions"),
            "title": _text(file, "title"),
        }


def _variable(one: Any) -> dict[str, Any]:
    units = {"units": units} if (units := _text(one, "units")) else {}
    return {"dimensions": ",".join(one.dimensions), "dtype": str(one.dtype), **units}


def _text(one: Any, name: str) -> str | None:
    return str(one.getncattr(name)) if name in one.ncattrs() else None
