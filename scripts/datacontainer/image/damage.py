"""Detection of damaged blobs: a blob that does not match its digest is deleted with all copies, to be recreated."""

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import COPY_BYTES

# Checked in any case.
CHECKED_BYTES = 16 << 20
# A tenth of the processor time of a thread with the usual priority, 0.
LOW_PRIORITY = 10


@contextmanager
def checking(blobs: Sequence[Path]) -> Iterator[None]:
    """Checks blobs while the block copies them in their order, without making the block slower.

    The check reads the first CHECKED_BYTES, and as much of the rest as a thread of low priority can before the block
    ends; `snakemake verify` reads everything.

    Raises:
        DataError: after the block, if a blob is damaged, which is deleted.
    """
    ended = threading.Event()
    with ThreadPoolExecutor(1, initializer=os.setpriority, initargs=(os.PRIO_PROCESS, 0, LOW_PRIORITY)) as thread:
        damaged = thread.submit(_first_damaged, blobs, ended)
        try:
            yield
        finally:
            ended.set()
    if found := damaged.result():
        raise discard(*found)


def _first_damaged(blobs: Sequence[Path], ended: threading.Event) -> tuple[Path, str] | None:
    """The first blob found damaged, and the sha256 of its content."""
    checked_bytes = 0
    for blob in blobs:
        digest = hashlib.sha256()
        with open(blob, "rb", buffering=0) as file:
            while block := file.read(COPY_BYTES):
                if ended.is_set() and checked_bytes >= CHECKED_BYTES:
                    logger.info("checked the first %d bytes of the blobs", checked_bytes)
                    return None
                digest.update(block)
                checked_bytes += len(block)
        if digest.hexdigest() != blob.name:
            return blob, digest.hexdigest()
    return None


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
    """Deletes a damaged blob, and the layer of a shard or base with the same content; returns the error to raise.

    found: the sha256 of the blob's content. The layer of the shard or base is a hard link to the blob, or a copy.
    """
    stages = blob.parents[3] / "stages"
    for layer in (*(stages / "hash").glob("*.layer*"), *(stages / "base/blobs/sha256").glob(blob.name)):
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
