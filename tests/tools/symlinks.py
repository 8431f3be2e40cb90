"""Targets of symlinks, and how symlinks are handled: the rules of packer/scan/links.go in Python."""

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

# The values of `symlinks` in the configuration: how symlinks are handled.
KEEP, FOLLOW, REFUSE = "keep", "follow", "refuse"
# Linux follows at most this many symlinks in one path.
MAX_LINKS = 40

# Classes of targets. The text is the reason in the refused entry; INSIDE is not refused.
INSIDE = b""
ABSOLUTE = b"is a symlink to the absolute path"
OUTSIDE = b"is a symlink to a path outside of the dataset:"
EXCLUDED = b"is a symlink to an excluded path:"
DANGLING = b"is a symlink to a path that does not exist:"
LOOP = b"is a symlink in a loop:"
# FOLLOW replaces symlinks of these classes by their targets.
FOLLOWED = (ABSOLUTE, OUTSIDE, EXCLUDED)


class Base(NamedTuple):
    """The dataset, or a folder that replaces a symlink to the outside. Symlinks in it may only point into it.

    prefix: path of the folder in the dataset, with a slash at its end; empty for the dataset. folders: identities of
    the folder and its parents, also of the bases that contain it; following a symlink to one of them would never end.
    """

    prefix: bytes
    folders: frozenset[tuple[int, int]]

    @property
    def through(self) -> int:
        """Record.through of the paths in the base."""
        return max(0, len(self.prefix) - 1)


@dataclass(frozen=True)
class Links:
    """The symlinks of a dataset whose folder is open as `root`."""

    root: int
    exclude: Callable[[bytes], bool]
    policy: str

    def base(self, prefix: bytes = b"", above: frozenset[tuple[int, int]] = frozenset()) -> Base:
        """The base of the folder with the given path. above: `folders` of the base that contains the folder."""
        path = prefix or b"."
        while True:
            status = self.status(path)
            if isinstance(status, OSError) or _identity(status) in above:
                return Base(prefix, above)
            above |= {_identity(status)}
            path += b"/.."

    def classify(self, base: Base, path: bytes, target: bytes) -> bytes:
        """The class of a symlink's target; always INSIDE if all symlinks are kept."""
        if self.policy == KEEP:
            return INSIDE
        if target.startswith(b"/"):
            return ABSOLUTE
        folder = os.path.dirname(path[len(base.prefix) :])
        lexical = os.path.normpath(os.path.join(folder, target))
        if lexical == b".." or lexical.startswith(b"../"):
            return OUTSIDE
        parts = folder.split(b"/") if folder else []
        found = _Resolution(self, base.prefix, parts, target.split(b"/")[::-1]).resolve()
        return found or class_of(self.status(path))

    def followed(self, base: Base, path: bytes, target: bytes) -> bool:
        """Whether the symlink is replaced by its target."""
        return self.policy == FOLLOW and self.classify(base, path, target) in FOLLOWED

    def replaced_by_folder(self, base: Base, path: bytes) -> bool:
        """Whether the symlink is replaced by a folder."""
        try:
            target = os.readlink(path, dir_fd=self.root)
        except OSError:
            return False
        status = self.status(path) if self.followed(base, path, target) else None
        return isinstance(status, os.stat_result) and stat.S_ISDIR(status.st_mode)

    def base_of_target(self, base: Base, path: bytes) -> Base | bytes:
        """The base of the folder that replaces a symlink, or the class for which the symlink is refused."""
        status = self.status(path)
        if isinstance(status, OSError):
            return class_of(status)
        return LOOP if _identity(status) in base.folders else self.base(path + b"/", base.folders)

    def status(self, path: bytes) -> os.stat_result | OSError:
        """The result of stat(2), which follows symlinks."""
        try:
            return os.stat(path, dir_fd=self.root)
        except OSError as error:
            return error


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def class_of(status: os.stat_result | OSError) -> bytes:
    """The class of a symlink, given the result of stat(2) on it."""
    if not isinstance(status, OSError):
        return INSIDE
    return LOOP if status.errno == errno.ELOOP else DANGLING


@dataclass
class _Resolution:
    """Follows a symlink, one path component at a time, while it stays inside of the base.

    parts: the resolved components, none of which is a symlink. rest: the components that follow, in reverse order.
    """

    links: Links
    prefix: bytes
    parts: list[bytes]
    rest: list[bytes]
    count: int = 0
    excluded: bool = False

    def resolve(self) -> bytes:
        """INSIDE unless a component leaves the base or is excluded. It does not check that components exist."""
        while self.rest:
            name = self.rest.pop()
            if name == b".." and not self.parts:
                return OUTSIDE
            if name == b"..":
                self.parts.pop()
            elif name not in (b"", b".") and (found := self._enter(name)):
                return found
        return EXCLUDED if self.excluded else INSIDE

    def _enter(self, name: bytes) -> bytes:
        """Adds a component to the path or, if it is a symlink, the components of its target to the rest."""
        path = self.prefix + b"/".join([*self.parts, name])
        try:
            target = os.readlink(path, dir_fd=self.links.root)
        except OSError as error:
            self._check_excluded(path, error.errno == errno.EINVAL)
            self.parts.append(name)
            return INSIDE
        self._check_excluded(path, False)
        self.count += 1
        if self.count > MAX_LINKS:
            return LOOP
        if target.startswith(b"/"):
            return OUTSIDE
        self.rest += target.split(b"/")[::-1]
        return INSIDE

    def _check_excluded(self, path: bytes, not_link: bool) -> None:
        """Sets `excluded` if a path on the way is excluded. A path that is not a symlink may be a folder."""
        status = self.links.status(path) if not_link else None
        folder = isinstance(status, os.stat_result) and stat.S_ISDIR(status.st_mode)
        self.excluded = self.excluded or self.links.exclude(path + b"/" * folder)
