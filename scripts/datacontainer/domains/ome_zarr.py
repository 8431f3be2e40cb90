"""OME-Zarr: the multiscale image or the plate that a group of Zarr describes, from the group's metadata file."""

from typing import Any

from datacontainer.domains.bounds import read_json


def metadata(path: str) -> dict[str, Any]:
    """Name, axes, levels, scale and channels of an image; numbers of rows, columns and wells of a plate.

    Raises:
        ValueError: if the metadata is damaged.
    """
    found = read_json(path)
    attributes = found if path.endswith(".zattrs") else found.get("attributes", {}).get("ome", {})
    image, plate = (attributes.get("multiscales") or [{}])[0], attributes.get("plate") or {}
    if not image and not plate:
        return {}
    # Axes are plain names up to version 0.3.
    axes = [axis if isinstance(axis, dict) else {"name": axis} for axis in image.get("axes", [])]
    levels, channels = image.get("datasets", []), (attributes.get("omero") or {}).get("channels", [])
    steps = [one for level in levels[:1] for one in level.get("coordinateTransformations", []) if "scale" in one]
    return {
        "version": attributes.get("version") or image.get("version") or plate.get("version"),
        "name": image.get("name"),
        "axes": "".join(str(axis["name"]) for axis in axes),
        "units": {axis["name"]: axis["unit"] for axis in axes if "unit" in axis},
        "levels": len(levels) or None,
        "scale": steps[0]["scale"] if steps else None,
        "channels": [channel.get("label") for channel in channels],
        **{name: len(plate.get(name, [])) or None for name in ("rows", "columns", "wells")},
    }
