"""TIFF: pages, shape and axes of a file, with tifffile; the pixels are not read."""

import logging
from typing import Any

from datacontainer.domains.bounds import ends_with, filled

SUFFIXES = (".tif", ".tiff", ".btf", ".lsm", ".svs")
KINDS = ("ome", "imagej", "lsm", "svs", "geotiff", "stk", "scn", "ndpi", "fluoview", "nih")


class _Raising(logging.Handler):
    """Raises errors that tifffile only logs, as those for a truncated file."""

    def emit(self, record: logging.LogRecord) -> None:
        raise ValueError(record.getMessage())


_RAISING = _Raising(logging.ERROR)


def metadata(path: str) -> dict[str, Any]:
    """Size of the first page, number of pages, type, compression, and shape and axes of the first series.

    Raises:
        TiffFileError, ValueError: if the file is no TIFF, or shorter than its first page requires.
    """
    if not ends_with(path, SUFFIXES):
        return {}
    from tifffile import TiffFile, logger

    logger().addHandler(_RAISING)
    with TiffFile(path) as file:
        page: Any = file.pages.first
        end = max(map(sum, zip(page.dataoffsets, page.databytecounts, strict=False)), default=0)
        if end > file.filehandle.size:
            raise ValueError(f"the first page ends at byte {end}, the file has {file.filehandle.size}")
        series = file.series[0] if file.series else None
        return filled(
            {
                "tiff_width": page.imagewidth,
                "tiff_height": page.imagelength,
                "tiff_pages": len(file.pages),
                "tiff_dtype": str(page.dtype) if page.dtype else None,
                "tiff_samples": page.samplesperpixel,
                "tiff_compression": page.compression.name.lower(),
                "tiff_shape": list(series.shape) if series else None,
                "tiff_axes": series.axes if series else None,
                "tiff_levels": len(series.levels) if series and len(series.levels) > 1 else None,
                "tiff_kind": next((kind for kind in KINDS if getattr(file, f"is_{kind}")), None),
            }
        )
