"""The list of files for which functions are called, and the check that a function did not change its file."""

import os
from collections.abc import Iterator
from typing import IO, NamedTuple

from datacontainer.runtime.errors import DataError


class ListedFile(NamedTuple):
    """A file and its status during the scan. path: relative to the dataset. follow: whether symlinks are followed."""

    path: bytes
    size: int
    mtime_ns: int
    inode: int
    follow: bool

    def encode(self) -> bytes:
        """Two fields, each terminated by NUL: the numbers, and the path."""
        return b"%d %d %d %d\0%b\0" % (*self[1:], self.path)

    def difference(self, folder: int) -> str:
        """The difference between the file and its status during the scan; "" if there is none.

        folder: a descriptor of the dataset's folder; paths relative to it may have the maximum length of Linux.
        """
        try:
            status = os.stat(self.path, dir_fd=folder, follow_symlinks=self.follow)
        except OSError as error:
            return f"it does not exist any more ({error.strerror})"
        if status.st_size != self.size:
            return f"its size was {self.size} bytes, now it is {status.st_size} bytes"
        if status.st_mtime_ns != self.mtime_ns:
            return "its mtime changed"
        if self.inode and status.st_ino != self.inode:
            return "another file replaced it"
        return ""


def read_listed(listed: IO[bytes]) -> Iterator[ListedFile]:
    """The files of a list."""
    fields = listed.read().split(b"\0")
    for numbers, path in zip(fields[:-1:2], fields[1::2], strict=True):
        size, mtime_ns, inode, follow = map(int, numbers.split())
        yield ListedFile(path, size, mtime_ns, inode, bool(follow))


def changed(subject: str, when: str, difference: str) -> DataError:
    """The error for a file that changed. subject: its quoted name. when: a clause such as "function f read it"."""
    return DataError(
        f"{subject} changed while {when}: {difference}; functions must not write to the dataset: restore the file and "
        "run snakemake again"
    )
