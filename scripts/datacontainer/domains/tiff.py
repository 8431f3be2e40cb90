"""TIFF: pages, shape and axes of a file, with tifffile; the pixels are not read."""

import logging
from typing import Any

from tifffile import TiffFile, logger

KINDS = ("ome", "imagej", "lsm", "svs", "geotiff", "stk", "scn", "ndpi", "fluoview", "nih")


class _Raising(logging.Handler):
    """Raises errors that tifffile only logs, as those for a truncated file."""

    def emit(self, record: logging.LogRecord) -> None:
        raise ValueError(record.getMessage())


logger().addHandler(_Raising(logging.ERROR))


def metadata(path: str) -> dict[str, Any]:
    """Size of the first page, number of pages, type, compression, and shape and axes of the first series.

    Raises:
        TiffFileError, ValueError: if the file is no TIFF, or shorter than its first page requires.
    """
    with TiffFile(path) as file:
        page: Any = file.pages.first
        end = max(map(sum, zip(page.dataoffsets, page.databytecounts, strict=False)), default=0)
        if end > file.filehandle.size:
            raise ValueError(f"the first page ends at byte {end}, the file has {file.filehandle.size}")
        series = file.series[0] if file.series else None
        return {
            "width": page.imagewidth,
            "height": page.imagelength,
            "pages": len(file.pages),
            "dtype": str(page.dtype) if page.dtype else None,
            "samples": page.samplesperpixel,
            "compression": page.compression.name.lower(),
            "shape": series.shape if series else None,
            "axes": series.axes if series else None,
            "levels": len(series.levels) if series and len(series.levels) > 1 else None,
            "kind": next((kind for kind in KINDS if getattr(file, f"is_{kind}")), None),
        }
