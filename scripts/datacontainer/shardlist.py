"""The list of a shard's files as it lies on the disk, between scan and hash."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FILE, LINK, DIRECTORY = b"f", b"l", b"d"


class Record(NamedTuple):
    """One path of the dataset as scan found it.

    path: relative to the dataset, `/`-separated, never decoded. kind: FILE, LINK, or DIRECTORY (an empty one; other
    folders show in the paths of their files). size: bytes; of a link, those of its target. times: nanoseconds.
    """

    path: bytes
    kind: bytes
    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    target: bytes

    def encode(self) -> bytes:
        """The record's three NUL-ended fields: the numbers, the path, the link's target."""
        return b"%b %o %d %d %d %d\0%b\0%b\0" % (
            self.kind,
            self.mode,
            self.size,
            self.mtime_ns,
            self.ctime_ns,
            self.inode,
            self.path,
            self.target,
        )


def read_records(shard_list: Path) -> Iterator[Record]:
    """The records of a shard list, in its order: that of the paths' bytes."""
    fields = shard_list.read_bytes().split(b"\0")
    for i in range(0, len(fields) - 1, 3):
        kind, mode, size, mtime_ns, ctime_ns, inode = fields[i].split(b" ")
        yield Record(
            path=fields[i + 1],
            kind=kind,
            mode=int(mode, 8),
            size=int(size),
            mtime_ns=int(mtime_ns),
            ctime_ns=int(ctime_ns),
            inode=int(inode),
            target=fields[i + 2],
        )


def decode(path: bytes) -> str:
    """The path as Python's file functions take it; bytes that are not UTF-8 become lone surrogates."""
    return os.fsdecode(path)
