"""A check that a file did not change since scan listed it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from datacontainer.runtime.errors import DataError
from datacontainer.scan.records import Record, decode


@contextmanager
def open_folder(root: str) -> Iterator[int]:
    """A descriptor of the dataset's folder; paths relative to it may have the maximum length of Linux."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def check_unchanged(record: Record, folder: int, when: str) -> None:
    """Compares the status of a file with its record. folder: a descriptor of the dataset's folder.

    Raises:
        DataError: if they differ; the message names the file, and `when`, a clause such as "function f read it".
    """
    found = _difference(record, folder)
    if found:
        raise DataError(
            f"{decode(record.path)!r} changed while {when}: {found}; functions must not write to the dataset: "
            "restore the file and run snakemake again"
        )


def _difference(record: Record, folder: int) -> str:
    try:
        # If the record's path leads through symlinks that the packer follows, they are followed here too.
        status = os.stat(record.path, dir_fd=folder, follow_symlinks=record.through > 0)
    except OSError as error:
        return f"it does not exist any more ({error.strerror})"
    if status.st_size != record.size:
        return f"its size was {record.size} bytes, now it is {status.st_size} bytes"
    if status.st_mtime_ns != record.mtime_ns:
        return "its mtime changed"
    if record.inode and status.st_ino != record.inode:
        return "another file replaced it"
    return ""
