"""Whether a file still is as it was listed and hashed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from datacontainer.runtime.errors import DataError
from datacontainer.scan.records import Record, decode


@contextmanager
def open_folder(root: str) -> Iterator[int]:
    """The dataset's folder, open: paths below it may be as long as Linux allows."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def check_unchanged(record: Record, folder: int, when: str) -> None:
    """Sees that a file of an open dataset is as its record says.

    Raises:
        DataError: naming the file; `when` is what happened meanwhile.
    """
    found = _difference(record, folder)
    if found:
        raise DataError(
            f"{decode(record.path)!r} changed while {when}: {found}; a function may read the data and not write to it: "
            "repair the file, and run snakemake again"
        )


def _difference(record: Record, folder: int) -> str:
    try:
        # The packer has seen which of the links on the way are to be followed.
        status = os.stat(record.path, dir_fd=folder, follow_symlinks=record.through > 0)
    except OSError as error:
        return f"it cannot be found any more ({error.strerror})"
    if status.st_size != record.size:
        return f"its size was {record.size} bytes and is {status.st_size} now"
    if status.st_mtime_ns != record.mtime_ns:
        return "it was written"
    if status.st_ino != record.inode:
        return "another file has taken its place"
    return ""
