"""NetCDF: dimensions, variables and CF names of a file, with netCDF4; the data is not read."""

from itertools import islice
from typing import Any

from netCDF4 import Dataset

from datacontainer.domains.bounds import MOST_ITEMS


def metadata(path: str) -> dict[str, Any]:
    """Dimensions, variables with dimensions, type, units and calendar, standard names of CF, global attributes.

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
            "attributes": {name: file.getncattr(name) for name in islice(file.ncattrs(), MOST_ITEMS)},
        }


def _variable(one: Any) -> dict[str, Any]:
    texts = {name: text for name in ("units", "calendar") if (text := _text(one, name))}
    return {"dimensions": ",".join(one.dimensions), "dtype": str(one.dtype), **texts}


def _text(one: Any, name: str) -> str | None:
    return str(one.getncattr(name)) if name in one.ncattrs() else None
