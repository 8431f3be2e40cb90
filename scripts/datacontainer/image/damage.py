"""Blobs whose bytes are not those of their digest any more: deleted under all names, so that they are made anew."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from datacontainer.runtime.errors import DataError


def discard_damaged(blobs: Iterable[Path]) -> None:
    """Reads the blobs, and deletes the first that is damaged.

    Raises:
        DataError: when there is one.
    """
    for blob in blobs:
        found = _sha256(blob)
        if found != blob.name:
            raise discard(blob, found)


def discard(blob: Path, found: str) -> DataError:
    """Deletes a damaged blob of the given sha256, and the shard's layer that it is a link to, or a copy of.

    The error that tells of it is for the caller to raise.
    """
    for layer in (blob.parents[3] / "stages" / "hash").glob("*.layer*"):
        same_size = layer.stat().st_size == blob.stat().st_size
        if layer.samefile(blob) or (same_size and _sha256(layer) == found):
            layer.unlink()
    blob.unlink()
    return DataError(
        f"the blob {str(blob)!r} was damaged after it was written, its sha256 is {found} now: it is deleted, "
        "run snakemake again to make it anew"
    )


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
