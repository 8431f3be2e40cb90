"""NIfTI: the header of an image, with nibabel; the voxels are not read."""

import io
import math
import os
from typing import Any

from nibabel import Nifti1Header, Nifti2Header, aff2axcodes

from datacontainer.domains.bounds import read_start

HEADERS = {348: (1, Nifti1Header), 540: (2, Nifti2Header)}


def metadata(path: str) -> dict[str, Any]:
    """Shape, voxel size, type, units and orientation of the image.

    Raises:
        ValueError: if the file is no NIfTI, or shorter than its header requires.
    """
    start, _ = read_start(path, max(HEADERS))
    sizes = {int.from_bytes(start[:4], "little"), int.from_bytes(start[:4], "big")} & set(HEADERS)
    if not sizes:
        raise ValueError("no NIfTI header")
    version, kind = HEADERS[sizes.pop()]
    header = kind.from_fileobj(io.BytesIO(start))
    shape, dtype = [int(size) for size in header.get_data_shape()], header.get_data_dtype()
    needed, size = int(header["vox_offset"]) + math.prod(shape) * dtype.itemsize, os.stat(path).st_size
    if path.lower().endswith(".nii") and size < needed:
        raise ValueError(f"the header requires {needed} bytes, the file has {size}")
    axes = aff2axcodes(header.get_best_affine()) if len(shape) >= 3 else ()
    return {
        "version": version,
        "shape": shape,
        "zooms": [float(str(zoom)) for zoom in header.get_zooms()],
        "dtype": dtype.name,
        "units": " ".join(header.get_xyzt_units()),
        "orientation": "".join(axis or "?" for axis in axes),
    }
