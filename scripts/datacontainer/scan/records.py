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
    through: how many bytes of the path lead through links that are to be followed.
    """

    path: bytes
    kind: bytes
    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    target: bytes
    through: int = 0

    def encode(self) -> bytes:
        """The record's three NUL-ended fields: the numbers, without a `through` of 0; the path; the link's target."""
        through = b" %d" % self.through if self.through else b""
        return b"%b %o %d %d %d %d%b\0%b\0%b\0" % (*self[1:7], through, self.path, self.target)


def read_records(shard_list: Path) -> Iterator[Record]:
    """The records of a shard list, in its order: that of the paths' bytes."""
    fields = shard_list.read_bytes().split(b"\0")
    for i in range(0, len(fields) - 1, 3):
        kind, mode, size, mtime_ns, ctime_ns, inode, *through = fields[i].split(b" ")
        yield Record(
            path=fields[i + 1],
            kind=kind,
            mode=int(mode, 8),
            size=int(size),
            mtime_ns=int(mtime_ns),
            ctime_ns=int(ctime_ns),
            inode=int(inode),
            target=fields[i + 2],
            through=int(through[0]) if through else 0,
        )


def decode(path: bytes) -> str:
    """The path as Python's file functions take it; bytes that are not UTF-8 become lone surrogates."""
    return os.fsdecode(path)
