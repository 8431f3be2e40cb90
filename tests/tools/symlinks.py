"""Where a dataset's links lead, and what becomes of them: the rules of packer/scan/links.go, in Python."""

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

# What becomes of links: the configuration's `symlinks`.
KEEP, FOLLOW, REFUSE = "keep", "follow", "refuse"
# After so many links Linux follows no more.
MAX_LINKS = 40

# Where a link leads, as an offender's reason has it; the first is a place inside of the dataset.
INSIDE = b""
ABSOLUTE = b"is a link to the absolute path"
OUTSIDE = b"is a link that leaves the dataset:"
LEFT_OUT = b"is a link to what is left out:"
NOWHERE = b"is a link that leads nowhere:"
LOOP = b"is a link in a loop:"
# What the policy to follow links replaces.
FOLLOWED = (ABSOLUTE, OUTSIDE, LEFT_OUT)


class Base(NamedTuple):
    """What links must not leave: the dataset, or a folder that a link to the outside was replaced by.

    prefix: the folder's path in the dataset, with a slash at its end; empty for the dataset. around: what tells it and
    the folders around it, and around the bases that it lies in; to follow a link to one of them would have no end.
    """

    prefix: bytes
    around: frozenset[tuple[int, int]]

    @property
    def through(self) -> int:
        """How many bytes of a path in the base lead through links."""
        return max(0, len(self.prefix) - 1)


@dataclass(frozen=True)
class Links:
    """The links of a dataset whose folder is open as `root`."""

    root: int
    exclude: Callable[[bytes], bool]
    policy: str

    def base(self, prefix: bytes = b"", above: frozenset[tuple[int, int]] = frozenset()) -> Base:
        """The base of a folder with the given path, in the bases that `above` is around."""
        path = prefix or b"."
        while True:
            status = self.behind(path)
            if isinstance(status, OSError) or _identity(status) in above:
                return Base(prefix, above)
            above |= {_identity(status)}
            path += b"/.."

    def lead(self, base: Base, path: bytes, target: bytes) -> bytes:
        """Where the link with the path leads; inside, where all links are kept."""
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
        return found or lead_of(self.behind(path))

    def followed(self, base: Base, path: bytes, target: bytes) -> bool:
        """Tells whether the link is to be replaced by what it leads to."""
        return self.policy == FOLLOW and self.lead(base, path, target) in FOLLOWED

    def leads_to_folder(self, base: Base, path: bytes) -> bool:
        """Tells whether the link is to be replaced by a folder."""
        try:
            target = os.readlink(path, dir_fd=self.root)
        except OSError:
            return False
        status = self.behind(path) if self.followed(base, path, target) else None
        return isinstance(status, os.stat_result) and stat.S_ISDIR(status.st_mode)

    def behind_folder(self, base: Base, path: bytes) -> Base | bytes:
        """The base of the folder that a link is replaced by, or where the link leads instead."""
        status = self.behind(path)
        if isinstance(status, OSError):
            return lead_of(status)
        return LOOP if _identity(status) in base.around else self.base(path + b"/", base.around)

    def behind(self, path: bytes) -> os.stat_result | OSError:
        """What lies behind a link."""
        try:
            return os.stat(path, dir_fd=self.root)
        except OSError as error:
            return error


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def lead_of(status: os.stat_result | OSError) -> bytes:
    """What the system's answer about what lies behind a link says of the link."""
    if not isinstance(status, OSError):
        return INSIDE
    return LOOP if status.errno == errno.ELOOP else NOWHERE


@dataclass
class _Resolution:
    """Follows a link, part by part, as far as it stays inside of the base.

    parts: the path so far, in which there is no link. rest: what comes behind it, backwards.
    """

    links: Links
    prefix: bytes
    parts: list[bytes]
    rest: list[bytes]
    count: int = 0
    left_out: bool = False

    def resolve(self) -> bytes:
        """Where it leads. What is not there is passed over: it may only seem to lead back."""
        while self.rest:
            name = self.rest.pop()
            if name == b".." and not self.parts:
                return OUTSIDE
            if name == b"..":
                self.parts.pop()
            elif name not in (b"", b".") and (found := self._enter(name)):
                return found
        return LEFT_OUT if self.left_out else INSIDE

    def _enter(self, name: bytes) -> bytes:
        """Goes on to a name, or to where the link of that name leads."""
        here = self.prefix + b"/".join([*self.parts, name])
        try:
            following = os.readlink(here, dir_fd=self.links.root)
        except OSError as error:
            self._check_left_out(here, error.errno == errno.EINVAL)
            self.parts.append(name)
            return INSIDE
        self._check_left_out(here, False)
        self.count += 1
        if self.count > MAX_LINKS:
            return LOOP
        if following.startswith(b"/"):
            return OUTSIDE
        self.rest += following.split(b"/")[::-1]
        return INSIDE

    def _check_left_out(self, here: bytes, no_link: bool) -> None:
        """Notes whether the image will lack a path on the way; only what is no link can be a folder."""
        status = self.links.behind(here) if no_link else None
        folder = isinstance(status, os.stat_result) and stat.S_ISDIR(status.st_mode)
        self.left_out = self.left_out or self.links.exclude(here + b"/" * folder)
