"""Writes an OME-Zarr image and five TIFF files. Needs tifffile and zarr: python generate.py FOLDER."""

import sys
from pathlib import Path

import numpy as np
import tifffile
import zarr

PLATE = """well\ttreatment\thours
A1\tcontrol\t0
A2\tcontrol\t24
B1\tnocodazole\t0
B2\tnocodazole\t24
"""
AXES = [{"name": "c", "type": "channel"}, *({"name": n, "type": "space", "unit": "micrometer"} for n in "yx")]
CHANNELS = [{"label": "DAPI", "color": "0000FF"}, {"label": "GFP", "color": "00FF00"}]


def blobs(shape, count, chance):
    """Returns an image with round nuclei in a noisy background, as 16-bit numbers."""
    rows, columns = np.indices(shape)
    image = chance.integers(90, 110, shape)
    for row, column in chance.integers(4, min(shape) - 4, (count, 2)):
        # Integers only: processors round exp differently.
        image += 57600 // (8 + (rows - row) ** 2 + (columns - column) ** 2) ** 2
    return image.astype(np.uint16)


def write_store(folder, chance):
    """Writes an OME-Zarr store with two channels and two resolutions."""
    full = np.stack([blobs((64, 64), 12, chance), blobs((64, 64), 5, chance)])
    levels = [full, full[:, ::2, ::2]]
    scales = [[1.0, 0.25 * 2**n, 0.25 * 2**n] for n in range(len(levels))]
    datasets = [
        {"path": str(n), "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        for n, scale in enumerate(scales)
    ]
    multiscales = [{"name": "embryo", "axes": AXES, "datasets": datasets}]
    attributes = {"ome": {"version": "0.5", "multiscales": multiscales, "omero": {"channels": CHANNELS}}}
    zarr.config.set({"json_indent": None})
    group = zarr.create_group(folder, attributes=attributes)
    for n, level in enumerate(levels):
        chunks = (1, 32, 32)
        array = group.create_array(
            str(n), shape=level.shape, dtype=level.dtype, chunks=chunks, compressors=None, dimension_names="cyx"
        )
        array[:] = level


def write_tiff(file, pages, bits, chance):
    """Writes a TIFF of as many pages, 0.5 micrometres per pixel, without date and name of the program."""
    stack = np.stack([blobs((32, 32), 4, chance) for _ in range(pages)])
    stack = stack if bits == 16 else (stack // 5).astype(np.uint8)
    options = {"resolution": (20000, 20000), "resolutionunit": "CENTIMETER", "photometric": "minisblack"}
    tifffile.imwrite(file, stack, software=False, metadata=None, **options)


def generate(folder):
    """Fills the folder with the dataset."""
    chance = np.random.default_rng(15)
    (folder / "wells").mkdir(parents=True, exist_ok=True)
    (folder / "plate.tsv").write_text(PLATE)
    write_store(folder / "embryo.ome.zarr", chance)
    for well, pages in {"A1": 3, "A2": 3, "B1": 3, "B2": 2}.items():
        # The last stack misses a page; well B1 was saved with 8 bits by mistake.
        write_tiff(folder / f"wells/{well}.tif", pages, 8 if well == "B1" else 16, chance)
    # The copy of a stack was interrupted.
    whole = (folder / "wells/A2.tif").read_bytes()
    (folder / "wells/A2-copy.tif").write_bytes(whole[:1000])


if __name__ == "__main__":
    generate(Path(sys.argv[1]))
