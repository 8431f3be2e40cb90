"""Images of cameras and screens: size, mode and camera, with Pillow; the pixels are not decoded."""

from typing import Any

from datacontainer.domains.bounds import ends_with, filled

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp")
# Formats with other suffixes are left out: Pillow starts other programs for some.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")


def metadata(path: str) -> dict[str, Any]:
    """Format, size, mode, frames, camera and time, and whether there is a position, which is not read.

    Raises:
        UnidentifiedImageError: if the file is no image.
    """
    if not ends_with(path, SUFFIXES):
        return {}
    from PIL import Image
    from PIL.ExifTags import IFD, Base

    # The limit protects from decoding.
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(path, formats=FORMATS) as image:
        exif = image.getexif()
        taken = exif.get_ifd(IFD.Exif).get(Base.DateTimeOriginal) or exif.get(Base.DateTime)
        frames = getattr(image, "n_frames", 1)
        return filled(
            {
                "image_format": image.format,
                "image_width": image.width,
                "image_height": image.height,
                "image_mode": image.mode,
                "image_frames": frames if frames > 1 else None,
                "image_camera": " ".join(str(exif[tag]).strip("\0 ") for tag in (Base.Make, Base.Model) if tag in exif),
                "image_taken": str(taken) if taken else None,
                "image_position": True if exif.get_ifd(IFD.GPSInfo) else None,
            }
        )
