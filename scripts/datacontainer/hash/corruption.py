"""Files whose content changed though nobody is known to have changed them: what is said of them."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger, warn

SHOWN = 20
DIGITS = 12


class Corrupted(NamedTuple):
    """A file, the sha256 that was recorded of it, and the one it has now (both in hex)."""

    path: bytes
    recorded: str
    found: str

    def __str__(self) -> str:
        """The file's name, and the first digits of both digests."""
        name = repr(os.fsdecode(self.path))
        return f"{name} (recorded: sha256 {self.recorded[:DIGITS]}..., read: {self.found[:DIGITS]}...)"


def warn_of(files: Sequence[Corrupted]) -> None:
    """Tells that content was taken that changed without a trace in size and modification time."""
    if files:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        warn(
            f"content changed while size and modification time did not: {files[0]}{more}; it is taken as somebody did "
            "something to the file: with rescan=full it is an error"
        )


def raise_corrupted(files: Sequence[Corrupted]) -> None:
    """Raises DataError, which names the first of the files, if there are any; the log gets all of them."""
    if not files:
        return
    for file in files:
        logger.error("corrupted: %s", file)
    shown = ", ".join(map(str, files[:SHOWN]))
    more = f", and {len(files) - SHOWN} more, all in the log" if len(files) > SHOWN else ""
    raise DataError(
        f"content changed while size and modification time did not: {shown}{more}; restore the files from a backup, "
        "or accept what they hold now with `touch`, and run snakemake again"
    )
