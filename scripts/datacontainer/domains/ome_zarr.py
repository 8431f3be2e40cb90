"""OME-Zarr: the multiscale image or the plate that a group of Zarr describes, from the group's metadata file."""

from os.path import basename
from typing import Any

from datacontainer.domains.bounds import filled, listed
from datacontainer.domains.zarr import ATTRIBUTES, read_json


def metadata(path: str) -> dict[str, Any]:
    """Name, axes, levels, scale and channels of an image; rows and columns of a plate; {} for another group.

    Raises:
        ValueError: if the metadata is damaged.
    """
    name = basename(path)
    if name not in ("zarr.json", ATTRIBUTES):
        return {}
    found = read_json(path)
    attributes = found.get("attributes", {}).get("ome", {}) if name == "zarr.json" else found
    image, plate = (attributes.get("multiscales") or [{}])[0], attributes.get("plate") or {}
    version = attributes.get("version") or image.get("version") or plate.get("version")
    return filled(
        {"ome_zarr_version": version if image or plate else None, **_image(image, attributes), **_plate(plate)}
    )


def _image(image: dict[str, Any], attributes: dict[str, Any]) -> dict[str, Any]:
    # Axes are plain names up to version 0.3.
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in image.get("axes", [])]
    levels = image.get("datasets", [])
    steps = [one for level in levels[:1] for one in level.get("coordinateTransformations", []) if "scale" in one]
    channels = (attributes.get("omero") or {}).get("channels", [])
    return {
        "ome_zarr_name": image.get("name"),
        "ome_zarr_axes": "".join(str(axis["name"]) for axis in axes),
        "ome_zarr_units": {axis["name"]: axis["unit"] for axis in axes if "unit" in axis},
        "ome_zarr_levels": len(levels) or None,
        "ome_zarr_scale": steps[0]["scale"] if steps else None,
        "ome_zarr_channels": listed(channel.get("label") for channel in channels) if image else None,
    }


def _plate(plate: dict[str, Any]) -> dict[str, Any]:
    return {f"ome_zarr_{name}": len(plate.get(name, [])) or None for name in ("rows", "columns", "wells")}
