"""The walk over a dataset in Python: what the packer's must agree with."""

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

from datacontainer.scan.listing import Files, Offender, Summary
from datacontainer.scan.records import DIRECTORY, FILE, LINK, Record
from tools.symlinks import FOLLOW, FOLLOWED, REFUSE, Base, Links, lead_of

# Snakemake leaves this file in every folder that a rule of an embedding workflow declares as its output.
SNAKEMAKE_TIMESTAMP = b".snakemake_timestamp"
# An OCI layer takes such names for the removal of a file: image-spec, layer.md, "Whiteouts".
WHITEOUT_PREFIX = b".wh."
# Linux takes paths of 4,095 bytes. The mount comes before the dataset's, and where an engine unpacks layers.
MAX_PATH = 4095 - 256
# How many names of a folder are looked at before their records are asked for.
PIECE_NAMES = 512

KINDS = {
    stat.S_IFIFO: b"is a fifo",
    stat.S_IFSOCK: b"is a socket",
    stat.S_IFCHR: b"is a character device",
    stat.S_IFBLK: b"is a block device",
}


def list_by_walk(root: Path, patterns: Sequence[str], files: Files, symlinks: str = REFUSE) -> Summary:
    """Lists a dataset, in the files too; patterns: with a slash at an end alone, or none."""
    walk = Walk(os.fsencode(root), lambda path: _matched(patterns, path), symlinks)
    records = list(walk.records())
    encoded = [record.encode() for record in records]
    ends = np.cumsum([len(one) for one in encoded], dtype=np.uint64)
    chances = [hashlib.sha256(record.path).digest()[:8] for record in records]
    rows = [
        struct.pack("<QQ", end, record.size) + chance[::-1]
        for end, record, chance in zip(ends, records, chances, strict=True)
    ]
    offenders = b"".join(b"%b\0%b\0%b\0" % offender for offender in walk.offenders)
    for path, content in zip(files, (b"".join(encoded), b"".join(rows), offenders), strict=True):
        path.write_bytes(content)
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in (files.records, files.offenders)]
    sizes = [record.size for record in records if record.kind == FILE]
    digest = hashlib.sha256(b"".join(digests)).hexdigest()
    return Summary(len(records), len(sizes), sum(sizes), len(walk.offenders), digest)


def _matched(patterns: Sequence[str], path: bytes) -> bool:
    """Tells whether the last of the patterns that match a path leaves it out; that of a folder ends with a slash."""
    plain, left_out = path.rstrip(b"/"), False
    for pattern in patterns:
        text = os.fsencode(pattern.lstrip("!"))
        subject = plain if text.startswith(b"/") else os.path.basename(plain)
        for_it = path.endswith(b"/") or not text.endswith(b"/")
        if for_it and fnmatch.fnmatchcase(subject, text.strip(b"/")):
            left_out = not pattern.startswith("!")
    return left_out


class Place(NamedTuple):
    """A folder to look at. folder: its path, with a slash at its end; empty for the dataset. base: that it lies in."""

    folder: bytes
    base: Base


# What a folder has: a record, an offender, or a folder in it.
Found = Record | Offender | Place


@dataclass
class Walk:
    """One walk over a dataset; `offenders` fills up with what cannot be packed, and why."""

    root: bytes
    exclude: Callable[[bytes], bool]
    symlinks: str = REFUSE
    offenders: list[Offender] = field(default_factory=list)

    def records(self) -> Iterator[Record]:
        """Every file, link and empty folder, in the order of the paths' bytes."""
        root = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        look = _Look(Links(root, self.exclude, self.symlinks), Reader.this())
        try:
            folders = [look.at(Place(b"", look.links.base()))]
            while folders:
                found = next(folders[-1], None)
                if found is None:
                    folders.pop()
                elif isinstance(found, Record):
                    yield found
                elif isinstance(found, Offender):
                    self.offenders.append(found)
                else:
                    folders.append(look.at(found))
        finally:
            os.close(root)


@dataclass(frozen=True)
class _Look:
    """Looks at folders, and at what they have."""

    links: Links
    reader: "Reader"

    def at(self, place: Place) -> Iterator[Found]:
        """All that a folder has."""
        folder, base = place
        try:
            with self._opened(place) as descriptor:
                names = self._names(descriptor, place)
            if folder and not names:
                # Its times and size change with the files left out of it, and mean nothing for an empty folder.
                yield Record(folder[:-1], DIRECTORY, 0o755, 0, 0, 0, 0, b"", base.through)
            for start in range(0, len(names), PIECE_NAMES):
                with self._opened(place) as descriptor:
                    piece = list(self._piece(descriptor, place, names[start : start + PIECE_NAMES]))
                yield from piece
        except OSError as error:
            yield Offender(folder, f"cannot be listed ({error.strerror})".encode())

    @contextmanager
    def _opened(self, place: Place) -> Iterator[int]:
        flags = 0 if place.folder == place.base.prefix else os.O_NOFOLLOW
        descriptor = os.open(place.folder or b".", os.O_RDONLY | os.O_DIRECTORY | flags, dir_fd=self.links.root)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _names(self, descriptor: int, place: Place) -> list[bytes]:
        """What an open folder has. With a slash behind folders, the names' order is that of the whole paths' bytes."""
        with os.scandir(descriptor) as found:
            names = [os.fsencode(one.name) + b"/" * self._is_folder(one, place) for one in found]
        return sorted(name for name in names if not self._left_out(place.folder, name))

    def _is_folder(self, one: os.DirEntry[str], place: Place) -> bool:
        if self.links.policy == FOLLOW and one.is_symlink():
            return self.links.leads_to_folder(place.base, place.folder + os.fsencode(one.name))
        return one.is_dir(follow_symlinks=False)

    def _left_out(self, folder: bytes, name: bytes) -> bool:
        return name.rstrip(b"/") == SNAKEMAKE_TIMESTAMP or self.links.exclude(folder + name)

    def _piece(self, descriptor: int, place: Place, names: Sequence[bytes]) -> Iterator[Found]:
        """What some names in an open folder are."""
        for name in names:
            if not name.endswith(b"/"):
                yield from self._leaf(descriptor, place, name)
                continue
            yield from _name_offenders(place.folder + name[:-1])
            if not _too_long(place.folder + name[:-1]):
                yield self._place(descriptor, place, name)

    def _place(self, descriptor: int, place: Place, name: bytes) -> Place | Offender:
        """A folder in a folder, with a base of its own behind a link."""
        path = place.folder + name[:-1]
        try:
            target = os.readlink(name[:-1], dir_fd=descriptor)
        except OSError:
            return Place(place.folder + name, place.base)
        below = self.links.behind_folder(place.base, path)
        if isinstance(below, bytes):
            return Offender(path, below, target)
        return Place(place.folder + name, below)

    def _leaf(self, descriptor: int, place: Place, name: bytes) -> Iterator[Record | Offender]:
        path = place.folder + name
        try:
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            target = os.readlink(name, dir_fd=descriptor) if stat.S_ISLNK(status.st_mode) else b""
        except OSError as error:
            yield Offender(path, f"cannot be looked at ({error.strerror})".encode())
            return
        yield from _name_offenders(path)
        if _too_long(path):
            return
        if stat.S_ISLNK(status.st_mode):
            yield from self._link(place, path, status, target)
        else:
            yield from self._file(path, status, place.base.through)

    def _link(self, place: Place, path: bytes, status: os.stat_result, target: bytes) -> Iterator[Record | Offender]:
        lead = self.links.lead(place.base, path, target)
        if self.links.policy == FOLLOW and lead in FOLLOWED:
            behind = self.links.behind(path)
            if isinstance(behind, OSError):
                yield Offender(path, lead_of(behind), target)
            else:
                yield from self._file(path, behind, len(path))
            return
        if lead:
            yield Offender(path, lead, target)
        yield _record(path, LINK, status, target, place.base.through)

    def _file(self, path: bytes, status: os.stat_result, through: int) -> Iterator[Record | Offender]:
        if not stat.S_ISREG(status.st_mode):
            yield Offender(path, KINDS.get(stat.S_IFMT(status.st_mode), b"is not a file"))
            return
        if not self.reader.allowed(status):
            try:
                os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK, dir_fd=self.links.root))
            except OSError as error:
                yield Offender(path, f"cannot be read ({error.strerror})".encode())
        yield _record(path, FILE, status, b"", through)


def _name_offenders(path: bytes) -> Iterator[Offender]:
    if os.path.basename(path).startswith(WHITEOUT_PREFIX):
        yield Offender(path, b"has a name that an image layer takes for the removal of a file")
    if _too_long(path):
        yield Offender(path, b"has a path of %d bytes, where %d are the most" % (len(path), MAX_PATH))


def _too_long(path: bytes) -> bool:
    return len(path) > MAX_PATH


class Reader(NamedTuple):
    """This process as a file's mode sees it."""

    user: int
    groups: frozenset[int]

    @classmethod
    def this(cls) -> "Reader":
        """The one that asks."""
        return cls(os.geteuid(), frozenset([os.getegid(), *os.getgroups()]))

    def allowed(self, status: os.stat_result) -> bool:
        """Tells whether a mode lets the file be read. A list of access rights, or a capability, may allow more."""
        if status.st_uid == self.user:
            return bool(status.st_mode & stat.S_IRUSR)
        return bool(status.st_mode & (stat.S_IRGRP if status.st_gid in self.groups else stat.S_IROTH))


def _record(path: bytes, kind: bytes, status: os.stat_result, target: bytes, through: int) -> Record:
    size = len(target) if kind == LINK else status.st_size
    mode = stat.S_IMODE(status.st_mode)
    return Record(path, kind, mode, size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, target, through)
