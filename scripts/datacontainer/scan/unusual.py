"""Unusual entries: warnings about entries that an image contains, but that a user may not expect there."""

import os
from base64 import b64decode
from collections.abc import Sequence
from typing import NamedTuple

from datacontainer.runtime.logs import warn


class History(NamedTuple):
    """The data of version control systems. first: the path of the first folder, in base64. names: of the folders."""

    folders: int = 0
    first: str | None = None
    names: Sequence[str] | None = None
    files: int = 0
    bytes: int = 0


class Broken(NamedTuple):
    """The kept symlinks that lead nowhere in an image. annex: those of git-annex. first, target: of one, in base64."""

    links: int = 0
    annex: int = 0
    first: str | None = None
    target: str | None = None


def warn_unusual(history: History, broken: Broken, root: str) -> None:
    """Warns of the data of version control systems, and of broken symlinks. root: the folder of the dataset."""
    if history.folders:
        more = f" and {history.folders - 1:,} more folders" if history.folders > 1 else ""
        names = sorted(history.names or ())
        secret = ", and .git/config may contain a password" if ".git" in names else ""
        warn(
            f"the dataset contains the version control data {_name(history.first)}{more} ({history.files:,} files, "
            f"{history.bytes:,} bytes), which the images contain too{secret}; omit it with "
            f"exclude: [{', '.join(f'{name}/' for name in names)}]"
        )
    if broken.links:
        remedy = "correct or exclude them"
        if broken.annex:
            remedy = f"run `datalad get .` or `git annex get .` in {root!r} and set symlinks: follow"
        warn(
            f"`symlinks: keep` stores {broken.links:,} symlink{'s' * (broken.links > 1)} to nothing in an image "
            f"({broken.annex:,} of git-annex), first {_name(broken.first)} -> {_name(broken.target)}; {remedy}"
        )


def _name(path: str | None) -> str:
    return repr(os.fsdecode(b64decode(path or "")))
