"""A walk over a dataset in Python, with which the packer's list is compared."""

import fnmatch
import hashlib
import os
import stat
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datacontainer.scan.listing import Files, Summary
from datacontainer.scan.records import DIRECTORY, FILE, LINK, Record
from datacontainer.scan.refused import Refused
from tools.symlinks import FOLLOW, FOLLOWED, REFUSE, Base, Links, class_of

# Snakemake creates this file in each folder that a rule declares as its output; it is never part of the dataset.
SNAKEMAKE_TIMESTAMP = b".snakemake_timestamp"
# In an OCI layer, a name with this prefix deletes a file. Source: image-spec, layer.md, "Whiteouts".
WHITEOUT_PREFIX = b".wh."
# Linux allows paths of 4,095 bytes; 256 are left for the mount and for the folder where an engine unpacks layers.
MAX_PATH = 4095 - 256
# The number of names of a folder that are read before their records are returned.
PIECE_NAMES = 512

KINDS = {
    stat.S_IFIFO: b"is a fifo",
    stat.S_IFSOCK: b"is a socket",
    stat.S_IFCHR: b"is a character device",
    stat.S_IFBLK: b"is a block device",
}


def list_by_walk(root: Path, patterns: Sequence[str], files: Files, symlinks: str = REFUSE) -> Summary:
    """Writes the list of a dataset to files and returns the summary. patterns: without a slash inside."""
    walk = Walk(os.fsencode(root), lambda path: _matched(patterns, path), symlinks)
    records = list(walk.records())
    encoded = [record.encode() for record in records]
    ends = np.cumsum([len(one) for one in encoded], dtype=np.uint64)
    chances = [hashlib.sha256(record.path).digest()[:8] for record in records]
    rows = [
        struct.pack("<QQ", end, record.size) + chance[::-1]
        for end, record, chance in zip(ends, records, chances, strict=True)
    ]
    refused = b"".join(b"%b\0%b\0%b\0" % one for one in walk.refused)
    for path, content in zip(files, (b"".join(encoded), b"".join(rows), refused), strict=True):
        path.write_bytes(content)
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in (files.records, files.refused)]
    sizes = [record.size for record in records if record.kind == FILE]
    digest = hashlib.sha256(b"".join(digests)).hexdigest()
    return Summary(len(records), len(sizes), sum(sizes), len(walk.refused), digest, {})


def _matched(patterns: Sequence[str], path: bytes) -> bool:
    """Whether the last pattern that matches a path excludes it. A folder's path ends with a slash."""
    plain, excluded = path.rstrip(b"/"), False
    for pattern in patterns:
        text = os.fsencode(pattern.lstrip("!"))
        subject = plain if text.startswith(b"/") else os.path.basename(plain)
        right_kind = path.endswith(b"/") or not text.endswith(b"/")
        if right_kind and fnmatch.fnmatchcase(subject, text.strip(b"/")):
            excluded = not pattern.startswith("!")
    return excluded


class Place(NamedTuple):
    """A folder to list. folder: its path, with a slash at its end; empty for the dataset. base: the folder's base."""

    folder: bytes
    base: Base


# An entry of a folder: a record, a refused entry, or a subfolder.
Found = Record | Refused | Place


@dataclass
class Walk:
    """A walk over a dataset, which collects the refused entries."""

    root: bytes
    exclude: Callable[[bytes], bool]
    symlinks: str = REFUSE
    refused: list[Refused] = field(default_factory=list)

    def records(self) -> Iterator[Record]:
        """The records of all files, symlinks and empty folders, sorted by the bytes of their paths."""
        root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        lister = _Lister(Links(root, self.exclude, self.symlinks), Reader.this())
        try:
            folders = [lister.entries(Place(b"", lister.links.base()))]
            while folders:
                found = next(folders[-1], None)
                if found is None:
                    folders.pop()
                elif isinstance(found, Record):
                    yield found
                elif isinstance(found, Refused):
                    self.refused.append(found)
                else:
                    folders.append(lister.entries(found))
        finally:
            os.close(root)


@dataclass(frozen=True)
class _Lister:
    """Lists folders."""

    links: Links
    reader: "Reader"

    def entries(self, place: Place) -> Iterator[Found]:
        """The entries of a folder."""
        folder, base = place
        try:
            with self._opened(place) as descriptor:
                names = self._names(descriptor, place)
            if folder and not names:
                # Without times and size: excluded files in the folder change them.
                yield Record(folder[:-1], DIRECTORY, 0o755, 0, 0, 0, 0, b"", base.through)
            for start in range(0, len(names), PIECE_NAMES):
                with self._opened(place) as descriptor:
                    piece = list(self._piece(descriptor, place, names[start : start + PIECE_NAMES]))
                yield from piece
        except OSError as error:
            yield Refused(folder, f"cannot be listed ({error.strerror})".encode())

    @contextmanager
    def _opened(self, place: Place) -> Iterator[int]:
        flags = 0 if place.folder == place.base.prefix else os.O_NOFOLLOW
        descriptor = os.open(place.folder or b".", os.O_RDONLY | os.O_DIRECTORY | flags, dir_fd=self.links.root)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _names(self, descriptor: int, place: Place) -> list[bytes]:
        """The sorted names in an open folder. A subfolder's name ends with a slash, so that paths are sorted too."""
        with os.scandir(descriptor) as found:
            names = [os.fsencode(one.name) + b"/" * self._is_folder(one, place) for one in found]
        return sorted(name for name in names if not self._excluded(place.folder, name))

    def _is_folder(self, one: os.DirEntry[str], place: Place) -> bool:
        if self.links.policy == FOLLOW and one.is_symlink():
            return self.links.replaced_by_folder(place.base, place.folder + os.fsencode(one.name))
        return one.is_dir(follow_symlinks=False)

    def _excluded(self, folder: bytes, name: bytes) -> bool:
        return name.rstrip(b"/") == SNAKEMAKE_TIMESTAMP or self.links.exclude(folder + name)

    def _piece(self, descriptor: int, place: Place, names: Sequence[bytes]) -> Iterator[Found]:
        """The entries with the given names in an open folder."""
        for name in names:
            if not name.endswith(b"/"):
                yield from self._entry(descriptor, place, name)
                continue
            yield from _refused_name(place.folder + name[:-1])
            if not _too_long(place.folder + name[:-1]):
                yield self._place(descriptor, place, name)

    def _place(self, descriptor: int, place: Place, name: bytes) -> Place | Refused:
        """A subfolder; it has its own base if it replaces a symlink."""
        path = place.folder + name[:-1]
        try:
            target = os.readlink(name[:-1], dir_fd=descriptor)
        except OSError:
            return Place(place.folder + name, place.base)
        below = self.links.base_of_target(place.base, path)
        if isinstance(below, bytes):
            return Refused(path, below, target)
        return Place(place.folder + name, below)

    def _entry(self, descriptor: int, place: Place, name: bytes) -> Iterator[Record | Refused]:
        path = place.folder + name
        try:
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            target = os.readlink(name, dir_fd=descriptor) if stat.S_ISLNK(status.st_mode) else b""
        except OSError as error:
            yield Refused(path, f"cannot be accessed ({error.strerror})".encode())
            return
        yield from _refused_name(path)
        if _too_long(path):
            return
        if stat.S_ISLNK(status.st_mode):
            yield from self._link(place, path, status, target)
        else:
            yield from self._file(path, status, place.base.through)

    def _link(self, place: Place, path: bytes, status: os.stat_result, target: bytes) -> Iterator[Record | Refused]:
        target_class = self.links.classify(place.base, path, target)
        if self.links.policy == FOLLOW and target_class in FOLLOWED:
            followed = self.links.status(path)
            if isinstance(followed, OSError):
                yield Refused(path, class_of(followed), target)
            else:
                yield from self._file(path, followed, len(path))
            return
        if target_class:
            yield Refused(path, target_class, target)
        yield _record(path, LINK, status, target, place.base.through)

    def _file(self, path: bytes, status: os.stat_result, through: int) -> Iterator[Record | Refused]:
        if not stat.S_ISREG(status.st_mode):
            yield Refused(path, KINDS.get(stat.S_IFMT(status.st_mode), b"is not a file, symlink or folder"))
            return
        if not self.reader.allowed(status):
            try:
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK, dir_fd=self.links.root))
            except OSError as error:
                yield Refused(path, f"cannot be read ({error.strerror})".encode())
        yield _record(path, FILE, status, b"", through)


def _refused_name(path: bytes) -> Iterator[Refused]:
    if os.path.basename(path).startswith(WHITEOUT_PREFIX):
        yield Refused(path, b"has a name with the prefix .wh., which deletes a file in an image layer")
    if _too_long(path):
        yield Refused(path, b"has a path of %d bytes, more than the maximum of %d" % (len(path), MAX_PATH))


def _too_long(path: bytes) -> bool:
    return len(path) > MAX_PATH


class Reader(NamedTuple):
    """The user and the groups of this process."""

    user: int
    groups: frozenset[int]

    @classmethod
    def this(cls) -> "Reader":
        """The reader for this process."""
        return cls(os.geteuid(), frozenset([os.getegid(), *os.getgroups()]))

    def allowed(self, status: os.stat_result) -> bool:
        """Whether the mode allows reading. An ACL or a capability may allow reading in other cases."""
        if status.st_uid == self.user:
            return bool(status.st_mode & stat.S_IRUSR)
        return bool(status.st_mode & (stat.S_IRGRP if status.st_gid in self.groups else stat.S_IROTH))


def _record(path: bytes, kind: bytes, status: os.stat_result, target: bytes, through: int) -> Record:
    size = len(target) if kind == LINK else status.st_size
    mode = stat.S_IMODE(status.st_mode)
    return Record(path, kind, mode, size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, target, through)
