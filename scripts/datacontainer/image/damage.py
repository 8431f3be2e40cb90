"""Detection of damaged blobs: a blob that does not match its digest is deleted with all copies, to be recreated."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import COPY_BYTES

# Checked in any case.
CHECKED_BYTES = 16 << 20
# The page cache has the bytes that were copied last; a check of earlier bytes could read them from the disk again.
CACHED_BYTES = 1 << 30
# A tenth of the processor time of a thread with the usual priority, 0.
LOW_PRIORITY = 10


@contextmanager
def checking(blobs: Sequence[Path]) -> Iterator[Callable[[int], None]]:
    """Checks blobs while the block copies them in their order, without making the block slower.

    The block calls the function with the number of bytes that it copied. The check reads the first CHECKED_BYTES, and
    as much of the rest as a thread of low priority can before the block ends; `snakemake verify` reads everything.

    Raises:
        DataError: after the block, if a blob is damaged, which is deleted.
    """
    check = _Check()
    with ThreadPoolExecutor(1, initializer=os.setpriority, initargs=(os.PRIO_PROCESS, 0, LOW_PRIORITY)) as thread:
        damaged = thread.submit(check.first_damaged, blobs)
        try:
            yield check.count_copied
        finally:
            check.ended = True
    if found := damaged.result():
        raise discard(*found)
    logger.info("%d bytes of the blobs have the expected sha256", check.checked_bytes)


@dataclass
class _Check:
    """The state of a check that another thread runs beside a copy."""

    ended: bool = False
    copied_bytes: int = 0
    checked_bytes: int = 0

    def count_copied(self, size_bytes: int) -> None:
        self.copied_bytes += size_bytes

    def first_damaged(self, blobs: Sequence[Path]) -> tuple[Path, str] | None:
        """The first blob found damaged, and the sha256 of its content."""
        start_bytes = 0
        for blob in blobs:
            found = self._sha256(blob, start_bytes)
            if found not in ("", blob.name):
                return blob, found
            start_bytes += blob.stat().st_size
        return None

    def _sha256(self, blob: Path, start_bytes: int) -> str:
        """The sha256 of a blob; "" if it is too late to read it. start_bytes: of the blobs before."""
        digest = hashlib.sha256()
        with open(blob, "rb", buffering=0) as file:
            while block := file.read(COPY_BYTES):
                late = self.ended or self.copied_bytes - start_bytes > CACHED_BYTES
                if late and self.checked_bytes >= CHECKED_BYTES:
                    return ""
                digest.update(block)
                self.checked_bytes += len(block)
        return digest.hexdigest()


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
