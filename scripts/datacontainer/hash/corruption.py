"""Silent corruption: the content of a file changed, its size and mtime did not."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger, warn

SHOWN = 20
DIGITS = 12


class Corrupted(NamedTuple):
    """A file, its recorded sha256, and its current sha256 (both in hex)."""

    path: bytes
    recorded: str
    found: str

    def __str__(self) -> str:
        """The path, and the first digits of both digests."""
        name = repr(os.fsdecode(self.path))
        return f"{name} (recorded: sha256 {self.recorded[:DIGITS]}..., read: {self.found[:DIGITS]}...)"


def warn_corrupted(files: Sequence[Corrupted]) -> None:
    """Warns of files whose content changed but whose size and mtime did not; their new content is used."""
    if files:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        warn(
            f"content changed, size and mtime did not: {files[0]}{more}; the new content is used, because the ctime or "
            "inode changed too; --config rescan=full makes this an error"
        )


def raise_corrupted(files: Sequence[Corrupted]) -> None:
    """Raises DataError, which names the first files, if there are any; logs all of them."""
    if not files:
        return
    for file in files:
        logger.error("corrupted: %s", file)
    shown = ", ".join(map(str, files[:SHOWN]))
    more = f", and {len(files) - SHOWN} more, all in the log" if len(files) > SHOWN else ""
    raise DataError(
        f"content changed, size and mtime did not: {shown}{more}; restore the files from a backup, or run `touch` on "
        "them to accept their current content, and run snakemake again"
    )
