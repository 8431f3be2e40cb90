"""NIfTI: the header of an image, with nibabel; the voxels are not read."""

import io
import os
from typing import Any

from datacontainer.domains.bounds import ends_with, filled, plain, read_start

HEADER_BYTES = {1: 348, 2: 540}
GZIP_MAGIC = b"\x1f\x8b"


def metadata(path: str) -> dict[str, Any]:
    """Shape, voxel size, type, units and orientation of the image.

    Raises:
        ValueError: if the file is no NIfTI, or shorter than its header requires.
    """
    if not ends_with(path, (".nii", ".nii.gz")):
        return {}
    start = read_start(path, HEADER_BYTES[2])
    version = next((one for one, size in HEADER_BYTES.items() if size.to_bytes(4, "little") == start[:4]), None)
    version = version or next((one for one, size in HEADER_BYTES.items() if size.to_bytes(4, "big") == start[:4]), None)
    if version is None:
        raise ValueError("no NIfTI header")
    from nibabel import Nifti1Header, Nifti2Header, aff2axcodes

    header = (Nifti2Header if version == 2 else Nifti1Header).from_fileobj(io.BytesIO(start))
    shape = [int(size) for size in header.get_data_shape()]
    _check_length(path, header, shape)
    axes = aff2axcodes(header.get_best_affine()) if len(shape) >= 3 else ()
    return filled(
        {
            "nifti_version": version,
            "nifti_shape": shape,
            "nifti_zooms": [plain(float(str(zoom))) for zoom in header.get_zooms()],
            "nifti_dtype": header.get_data_dtype().name,
            "nifti_units": " ".join(header.get_xyzt_units()),
            "nifti_orientation": "".join(axis or "?" for axis in axes),
        }
    )


def _check_length(path: str, header: Any, shape: list[int]) -> None:
    """Raises ValueError if an uncompressed file is too short for its voxels."""
    needed = int(header["vox_offset"]) + header.get_data_dtype().itemsize
    for size in shape:
        needed += (needed - int(header["vox_offset"])) * (size - 1)
    size = os.stat(path).st_size
    if not ends_with(path, (".gz",)) and header["magic"].tobytes()[:2] == b"n+" and size < needed:
        raise ValueError(f"the header requires {needed} bytes, the file has {size}")
