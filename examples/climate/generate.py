"""Writes monthly fields of two climate experiments. Needs netCDF4: python generate.py FOLDER."""

import sys
from pathlib import Path

import netCDF4
import numpy as np

# Short name: standard name of the CF conventions, unit, value at the equator, value at the poles.
VARIABLES = {
    "tas": ("air_temperature", "K", 300.0, 250.0),
    "pr": ("precipitation_flux", "kg m-2 s-1", 6e-5, 5e-6),
}
EXPERIMENTS = {"historical": (2013, 2014), "ssp245": (2015, 2016)}
LATITUDES = np.arange(-75.0, 76.0, 30.0)
LONGITUDES = np.arange(0.0, 360.0, 45.0)


def write_year(path, variable, experiment, year, chance):
    """Writes one variable of one year as a netCDF-4 file that follows CF-1.10."""
    standard_name, units, equator, pole = VARIABLES[variable]
    with netCDF4.Dataset(path, "w", format="NETCDF4") as file:
        file.Conventions, file.title, file.institution = "CF-1.10", "Toy climate model", "Example Institute"
        file.experiment_id, file.frequency = experiment, "mon"
        for name, values, long_name, unit in (
            ("time", 30 * np.arange(12) + 15.0, "time", f"days since {year}-01-01"),
            ("lat", LATITUDES, "latitude", "degrees_north"),
            ("lon", LONGITUDES, "longitude", "degrees_east"),
        ):
            file.createDimension(name, len(values))
            coordinate = file.createVariable(name, "f8", (name,))
            coordinate.standard_name, coordinate.units = long_name, unit
            coordinate[:] = values
        file["time"].calendar = "360_day"
        field = file.createVariable(variable, "f4", ("time", "lat", "lon"))
        # One file lacks its unit.
        if (variable, year) != ("pr", 2016):
            field.units = units
        field.standard_name, field.cell_methods = standard_name, "time: mean"
        # A parabola and uniform noise: processors round cos and log differently.
        mean = pole + (equator - pole) * (1 - (LATITUDES / 90) ** 2)[None, :, None]
        field[:] = mean * (1 + chance.integers(-20, 21, (12, len(LATITUDES), len(LONGITUDES))) / 1000)


def generate(folder):
    """Fills the folder with the dataset."""
    chance = np.random.default_rng(15)
    for experiment, years in EXPERIMENTS.items():
        (folder / experiment).mkdir(parents=True, exist_ok=True)
        for variable in VARIABLES:
            for year in years:
                write_year(folder / experiment / f"{variable}_Amon_toy_{year}.nc", variable, experiment, year, chance)


if __name__ == "__main__":
    generate(Path(sys.argv[1]))
