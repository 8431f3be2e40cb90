"""The list of a dataset, made in Python, with which the packer's list is compared; the user may read all files."""

import errno
import fnmatch
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from datacontainer.scan.records import DIRECTORY, FILE, LINK, Record
from datacontainer.scan.refused import Refused

# The values of `symlinks` in the configuration: how symlinks are handled.
KEEP, FOLLOW, REFUSE = "keep", "follow", "refuse"
# Linux follows at most this many symlinks in one path.
MAX_LINKS = 40
# Snakemake creates this file in each folder that a rule declares as its output; it is never part of the dataset.
SNAKEMAKE_TIMESTAMP = b".snakemake_timestamp"
# In an OCI layer, a name with this prefix deletes a file. Source: image-spec, layer.md, "Whiteouts".
WHITEOUT_PREFIX = b".wh."
WHITEOUT = b"has a name with the prefix .wh., which deletes a file in an image layer"
SPECIAL = {stat.S_IFIFO: b"is a fifo", stat.S_IFSOCK: b"is a socket"}

# Classes of targets. The text is the reason in the refused entry; INSIDE is not refused.
INSIDE = b""
ABSOLUTE = b"is a symlink to the absolute path"
OUTSIDE = b"is a symlink to a path outside of the dataset:"
EXCLUDED = b"is a symlink to an excluded path:"
LEFT_OUT = b"is a symlink to a path that is left out by default:"
DANGLING = b"is a symlink to a path that does not exist:"
LOOP = b"is a symlink in a loop:"
# FOLLOW replaces symlinks of these classes by their targets.
FOLLOWED = (ABSOLUTE, OUTSIDE, EXCLUDED, LEFT_OUT)


class Base(NamedTuple):
    """The dataset, or a folder that replaces a symlink to the outside. Symlinks in it may only point into it.

    prefix: the path of the folder in the dataset, with a slash at its end; empty for the dataset. folders: the folder
    and its parents, also those of the bases that contain it; following a symlink to one of them would never end.
    """

    prefix: bytes
    folders: frozenset[bytes]

    def below(self, prefix: bytes, folder: bytes) -> "Base":
        """The base of a folder that replaces a symlink in this base."""
        parents = {b"/".join(folder.split(b"/")[:end]) or b"/" for end in range(1, folder.count(b"/") + 2)}
        return Base(prefix, self.folders | parents)

    @property
    def through(self) -> int:
        """Record.through of the paths in the base."""
        return max(0, len(self.prefix) - 1)


@dataclass
class Walk:
    """The records and the refused entries of a dataset, in the order of scan.

    patterns: without a slash inside; the first `defaults` of them are defaults. left_out: the number of entries that
    each of these excludes.
    """

    root: bytes
    patterns: Sequence[str]
    symlinks: str
    defaults: int = 0
    records: list[Record] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left_out = [0] * self.defaults
        self._list(b"", Base(b"", frozenset()).below(b"", os.path.realpath(self.root)))

    def _list(self, folder: bytes, base: Base) -> None:
        """Lists a folder, given with a slash at its end."""
        paths = [folder + name for name in os.listdir(self._on_disk(folder)) if name != SNAKEMAKE_TIMESTAMP]
        # With a slash after folders, so that the entries of `a/` come after `a-b`.
        paths = [path + b"/" * self._is_folder(path, base) for path in paths]
        excluded = {path: self._excluded(path) for path in paths}
        for rule in excluded.values():
            if rule is not None and rule < self.defaults:
                self.left_out[rule] += 1
        paths = sorted(path for path in paths if excluded[path] is None)
        if folder and not paths:
            self.records.append(Record(folder[:-1], DIRECTORY, 0o755, 0, 0, 0, 0, b"", base.through))
        for path in paths:
            if os.path.basename(path.rstrip(b"/")).startswith(WHITEOUT_PREFIX):
                self.refused.append(Refused(path.rstrip(b"/"), WHITEOUT))
            if path.endswith(b"/"):
                self._enter(path, base)
            elif os.path.islink(self._on_disk(path)):
                self._link(path, base)
            else:
                self._file(path, base.through)

    def _on_disk(self, path: bytes) -> bytes:
        return os.path.join(self.root, path)

    def _excluded(self, path: bytes) -> int | None:
        """The index of the last pattern that matches a path, if it excludes it. A folder's path ends with a slash."""
        plain, excluded = path.rstrip(b"/"), None
        for number, pattern in enumerate(self.patterns):
            text = os.fsencode(pattern.lstrip("!"))
            subject = plain if text.startswith(b"/") else os.path.basename(plain)
            right_kind = path.endswith(b"/") or not text.endswith(b"/")
            if right_kind and fnmatch.fnmatchcase(subject, text.strip(b"/")):
                excluded = None if pattern.startswith("!") else number
        return excluded

    def _is_folder(self, path: bytes, base: Base) -> bool:
        """Whether it is a folder, or a symlink that a folder replaces."""
        place = self._on_disk(path)
        return os.path.isdir(place) and (not os.path.islink(place) or self._is_followed(path, base))

    def _is_followed(self, path: bytes, base: Base) -> bool:
        return self.symlinks == FOLLOW and self._target_class(path, base) in FOLLOWED

    def _is_replaced(self, path: bytes, base: Base) -> bool:
        """Whether the default policy replaces a symlink: one to what is left out by default, except to a folder."""
        found = self.symlinks == REFUSE and self._target_class(path, base)
        return found == LEFT_OUT and not os.path.isdir(self._on_disk(path))

    def _enter(self, folder: bytes, base: Base) -> None:
        place = self._on_disk(folder[:-1])
        if not os.path.islink(place):
            self._list(folder, base)
        elif os.path.realpath(place) in base.folders:
            self.refused.append(Refused(folder[:-1], LOOP, os.readlink(place)))
        else:
            self._list(folder, base.below(folder, os.path.realpath(place)))

    def _link(self, path: bytes, base: Base) -> None:
        target = os.readlink(self._on_disk(path))
        if self._is_followed(path, base) or self._is_replaced(path, base):
            if found := self._reachable(path):
                self.refused.append(Refused(path, found, target))
            else:
                self._file(path, len(path))
            return
        if found := self._target_class(path, base):
            self.refused.append(Refused(path, found, target))
        self._record(path, LINK, os.lstat(self._on_disk(path)), target, base.through)

    def _file(self, path: bytes, through: int) -> None:
        status = os.stat(self._on_disk(path))
        if stat.S_ISREG(status.st_mode):
            self._record(path, FILE, status, b"", through)
        else:
            self.refused.append(Refused(path, SPECIAL[stat.S_IFMT(status.st_mode)]))

    def _record(self, path: bytes, kind: bytes, status: os.stat_result, target: bytes, through: int) -> None:
        mode, times = stat.S_IMODE(status.st_mode), (status.st_mtime_ns, status.st_ctime_ns)
        self.records.append(Record(path, kind, mode, status.st_size, *times, status.st_ino, target, through))

    def _target_class(self, path: bytes, base: Base) -> bytes:
        """The class of a symlink's target; always INSIDE if all symlinks are kept."""
        target = os.readlink(self._on_disk(path))
        if self.symlinks == KEEP:
            return INSIDE
        if target.startswith(b"/"):
            return ABSOLUTE
        folder = os.path.dirname(path[len(base.prefix) :])
        if os.path.normpath(os.path.join(folder, target)).split(b"/")[0] == b"..":
            return OUTSIDE
        return self._way(base.prefix, folder.split(b"/") if folder else [], target) or self._reachable(path)

    def _way(self, prefix: bytes, parts: list[bytes], target: bytes) -> bytes:
        """The class of a target by the components on the way to it, none of which has to exist.

        parts: the components of the symlink's folder in its base, none of which is a symlink.
        """
        rest, links, excluded = target.split(b"/")[::-1], 0, set()
        while rest:
            name = rest.pop()
            if name == b"..":
                if not parts:
                    return OUTSIDE
                parts.pop()
            elif name not in (b"", b"."):
                path = prefix + b"/".join([*parts, name])
                is_link = os.path.islink(self._on_disk(path))
                is_folder = os.path.isdir(self._on_disk(path)) and not is_link
                excluded.add(self._excluded(path + b"/" * is_folder))
                if not is_link:
                    parts.append(name)
                    continue
                links += 1
                following = os.readlink(self._on_disk(path))
                if links > MAX_LINKS or following.startswith(b"/"):
                    return LOOP if links > MAX_LINKS else OUTSIDE
                rest += following.split(b"/")[::-1]
        rules = excluded - {None}
        if any(rule >= self.defaults for rule in rules):
            return EXCLUDED
        return LEFT_OUT if rules else INSIDE

    def _reachable(self, path: bytes) -> bytes:
        """INSIDE if a symlink has a target, else the class of the symlink."""
        try:
            os.stat(self._on_disk(path))
        except OSError as error:
            return LOOP if error.errno == errno.ELOOP else DANGLING
        return INSIDE
