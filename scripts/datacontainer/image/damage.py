"""Detection of damaged blobs: a blob that does not match its digest is deleted with all copies, to be recreated."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from datacontainer.runtime.errors import DataError


def discard_damaged(blobs: Iterable[Path]) -> None:
    """Reads the blobs, and deletes the first damaged blob.

    Raises:
        DataError: if a blob is damaged.
    """
    for blob in blobs:
        found = _sha256(blob)
        if found != blob.name:
            raise discard(blob, found)


def discard(blob: Path, found: str) -> DataError:
    """Deletes a damaged blob, and the shard's layer with the same content; returns the error for the caller to raise.

    found: the sha256 of the blob's content. The shard's layer is a hard link to the blob, or a copy.
    """
    for layer in (blob.parents[3] / "stages" / "hash").glob("*.layer*"):
        same_size = layer.stat().st_size == blob.stat().st_size
        if layer.samefile(blob) or (same_size and _sha256(layer) == found):
            layer.unlink()
    blob.unlink()
    return DataError(
        f"checksum mismatch for the blob {str(blob)!r}: its content has the sha256 {found}; "
        "the damaged blob was deleted: run snakemake again to recreate it"
    )


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
