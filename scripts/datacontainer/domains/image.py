"""Images of cameras and screens: size, mode and camera, with Pillow; the pixels are not decoded."""

from typing import Any

from PIL import Image
from PIL.ExifTags import IFD, Base

# Formats with other suffixes are left out: Pillow starts other programs for some.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
# The limit protects from decoding.
Image.MAX_IMAGE_PIXELS = None


def metadata(path: str) -> dict[str, Any]:
    """Format, size, mode, frames, camera and time, and whether there is a position, which is not read.

    Raises:
        UnidentifiedImageError: if the file is no image.
    """
    with Image.open(path, formats=FORMATS) as image:
        exif, frames = image.getexif(), getattr(image, "n_frames", 1)
        return {
            "format": image.format,
            "width": image.width,
            "height": image.height,
            "mode": image.mode,
            "frames": frames if frames > 1 else None,
            "camera": " ".join(str(exif[tag]).strip("\0 ") for tag in (Base.Make, Base.Model) if tag in exif),
            "taken": exif.get_ifd(IFD.Exif).get(Base.DateTimeOriginal) or exif.get(Base.DateTime),
            "position": bool(exif.get_ifd(IFD.GPSInfo)) or None,
        }
