"""The walk over a dataset in Python: what the packer's must agree with, and what stands in where the packer cannot."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from datacontainer.excludes import Excludes
from datacontainer.shardlist import DIRECTORY, FILE, LINK, Record

# Snakemake leaves this file in every folder that a rule of an embedding workflow declares as its output.
SNAKEMAKE_TIMESTAMP = b".snakemake_timestamp"
# An OCI layer takes such names for the removal of a file: image-spec, layer.md, "Whiteouts".
WHITEOUT_PREFIX = b".wh."
# After so many links Linux follows no more.
MAX_LINKS = 40
# How many names of a folder are looked at before their records are asked for.
PIECE_NAMES = 512

KINDS = {
    stat.S_IFIFO: b"is a fifo",
    stat.S_IFSOCK: b"is a socket",
    stat.S_IFCHR: b"is a character device",
    stat.S_IFBLK: b"is a block device",
}


class Offender(NamedTuple):
    """What an image cannot hold, and why; target: of a link that leads where it may not."""

    path: bytes
    reason: bytes
    target: bytes = b""

    def encode(self) -> bytes:
        """The fields, each ended by NUL."""
        return b"%b\0%b\0%b\0" % self

    def __str__(self) -> str:
        """What is said of it in an error."""
        target = f" {os.fsdecode(self.target)!r}" if self.target else ""
        return f"{os.fsdecode(self.path) or '.'!r} {self.reason.decode()}{target}"


# What a folder has: a record, an offender, or the path of a folder in it.
Found = Record | Offender | bytes


@dataclass
class Walk:
    """One walk over a dataset; `offenders` fills up with what cannot be packed, and why."""

    root: bytes
    exclude: Excludes | None
    offenders: list[Offender] = field(default_factory=list)

    def records(self) -> Iterator[Record]:
        """Every file, link and empty folder, in the order of the paths' bytes."""
        root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            folders = [self._folder(root, b"")]
            while folders:
                found = next(folders[-1], None)
                if found is None:
                    folders.pop()
                elif isinstance(found, Record):
                    yield found
                elif isinstance(found, Offender):
                    self.offenders.append(found)
                else:
                    folders.append(self._folder(root, found))
        finally:
            os.close(root)

    def _folder(self, root: int, folder: bytes) -> Iterator[Found]:
        try:
            with _opened(root, folder) as descriptor:
                names = self._names(descriptor, folder)
            if folder and not names:
                # Its times and size change with the files left out of it, and mean nothing for an empty folder.
                yield Record(folder[:-1], DIRECTORY, 0o755, 0, 0, 0, 0, b"")
            for start in range(0, len(names), PIECE_NAMES):
                with _opened(root, folder) as descriptor:
                    piece = list(_piece(root, descriptor, folder, names[start : start + PIECE_NAMES]))
                yield from piece
        except OSError as error:
            yield Offender(folder, f"cannot be listed ({error.strerror})".encode())

    def _names(self, descriptor: int, folder: bytes) -> list[bytes]:
        """What an open folder has. With a slash behind folders, the names' order is that of the whole paths' bytes."""
        with os.scandir(descriptor) as found:
            names = [os.fsencode(one.name) + b"/" * one.is_dir(follow_symlinks=False) for one in found]
        return sorted(name for name in names if not self._left_out(folder, name))

    def _left_out(self, folder: bytes, name: bytes) -> bool:
        if name.rstrip(b"/") == SNAKEMAKE_TIMESTAMP:
            return True
        return self.exclude is not None and self.exclude.leave_out(folder + name)


def _piece(root: int, descriptor: int, folder: bytes, names: Sequence[bytes]) -> Iterator[Found]:
    """What some names in an open folder are."""
    for name in names:
        if name.endswith(b"/"):
            yield from _name_offender(folder, name[:-1])
            yield folder + name
        else:
            yield from _leaf(root, descriptor, folder, name)


def _leaf(root: int, descriptor: int, folder: bytes, name: bytes) -> Iterator[Record | Offender]:
    path = folder + name
    try:
        status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        target = os.readlink(name, dir_fd=descriptor) if stat.S_ISLNK(status.st_mode) else b""
    except OSError as error:
        yield Offender(path, f"cannot be looked at ({error.strerror})".encode())
        return
    yield from _name_offender(folder, name)
    if stat.S_ISREG(status.st_mode):
        yield _record(path, FILE, status, b"")
    elif stat.S_ISLNK(status.st_mode):
        yield from _link_offender(root, folder, name, target)
        yield _record(path, LINK, status, target)
    else:
        yield Offender(path, KINDS.get(stat.S_IFMT(status.st_mode), b"is not a file"))


def _name_offender(folder: bytes, name: bytes) -> Iterator[Offender]:
    if name.startswith(WHITEOUT_PREFIX):
        yield Offender(folder + name, b"has a name that an image layer takes for the removal of a file")


def _link_offender(root: int, folder: bytes, name: bytes, target: bytes) -> Iterator[Offender]:
    if target.startswith(b"/"):
        yield Offender(folder + name, b"is a link to the absolute path", target)
    elif _leaves(root, folder, target):
        yield Offender(folder + name, b"is a link that leaves the dataset:", target)


@contextmanager
def _opened(root: int, folder: bytes) -> Iterator[int]:
    descriptor = os.open(folder or b".", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=root)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _leaves(root: int, folder: bytes, target: bytes) -> bool:
    """Tells whether a link in a folder of the dataset leads out of it, by its text or through other links."""
    lexical = os.path.normpath(folder + target)
    if lexical == b".." or lexical.startswith(b"../"):
        return True
    # The path so far, in which there is no link: the walk follows none.
    parts = folder.split(b"/")[:-1]
    rest = target.split(b"/")[::-1]
    links = 0
    while rest:
        name = rest.pop()
        if name in (b"", b"."):
            continue
        if name == b"..":
            if not parts:
                return True
            parts.pop()
            continue
        try:
            following = os.readlink(b"/".join([*parts, name]), dir_fd=root)
        except OSError:
            parts.append(name)
            continue
        links += 1
        if links > MAX_LINKS:
            return False
        if following.startswith(b"/"):
            return True
        rest += following.split(b"/")[::-1]
    return False


def _record(path: bytes, kind: bytes, status: os.stat_result, target: bytes) -> Record:
    size = len(target) if kind == LINK else status.st_size
    mode = stat.S_IMODE(status.st_mode)
    return Record(path, kind, mode, size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, target)
