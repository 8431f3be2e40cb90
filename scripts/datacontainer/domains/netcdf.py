"""NetCDF: dimensions, variables and CF names of a file, with netCDF4; the data is not read."""

from itertools import islice
from typing import Any

from datacontainer.domains.bounds import MOST_ITEMS, ends_with, filled, text

SUFFIXES = (".nc", ".nc4", ".cdf")


def metadata(path: str) -> dict[str, Any]:
    """Dimensions, variables with dimensions, type and units, standard names of CF, and titles.

    Raises:
        OSError: if the file is no NetCDF, or damaged.
    """
    if not ends_with(path, SUFFIXES):
        return {}
    import netCDF4

    # The library refuses names that are not UTF-8.
    with open(path, "rb") as opened, netCDF4.Dataset(f"/proc/self/fd/{opened.fileno()}") as file:
        variables = dict(islice(file.variables.items(), MOST_ITEMS))
        named = [_attribute(one, "standard_name") for one in variables.values()]
        return filled(
            {
                "netcdf_format": file.data_model,
                "netcdf_dimensions": {
                    text(name): len(one) for name, one in islice(file.dimensions.items(), MOST_ITEMS)
                },
                "netcdf_variables": {text(name): _variable(one) for name, one in variables.items()},
                "netcdf_standard_names": sorted({str(name) for name in named if name}),
                "netcdf_groups": [text(name) for name in islice(file.groups, MOST_ITEMS)],
                "netcdf_conventions": _attribute(file, "Conventions"),
                "netcdf_title": _attribute(file, "title"),
            }
        )


def _variable(one: Any) -> dict[str, Any]:
    shape = ",".join(one.dimensions)
    return filled({"dimensions": shape, "dtype": str(one.dtype), "units": _attribute(one, "units")})


def _attribute(one: Any, name: str) -> str | None:
    return text(one.getncattr(name)) if name in one.ncattrs() else None
