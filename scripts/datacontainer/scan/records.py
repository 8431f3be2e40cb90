"""Records: the files of a shard, in the list that scan writes and hash reads."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FILE, LINK, DIRECTORY = b"f", b"l", b"d"


class Record(NamedTuple):
    """One path of the dataset, with its status during the scan.

    path: relative to the dataset, `/`-separated, never decoded. kind: FILE, LINK (a symlink), or DIRECTORY (an empty
    folder; other folders are part of the paths of their files). size: bytes; for a symlink, those of its target. times:
    nanoseconds. through: the length of the path's prefix that leads through followed symlinks, in bytes.
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
        """Three fields, each terminated by NUL: the numbers, without a `through` of 0; the path; the target."""
        through = b" %d" % self.through if self.through else b""
        return b"%b %o %d %d %d %d%b\0%b\0%b\0" % (*self[1:7], through, self.path, self.target)


def read_records(shard_list: Path) -> Iterator[Record]:
    """The records of a shard list, sorted by the bytes of their paths."""
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
    """The path as text for Python's file functions; bytes that are not UTF-8 become lone surrogates."""
    return os.fsdecode(path)
