"""Unusual entries: warnings about entries that an image contains, but that a user may not expect there."""

from collections.abc import Mapping
from typing import Any

from datacontainer.runtime.logs import warn


def warn_unusual(found: Mapping[str, Any], root: str) -> None:
    """Warns of the data of version control systems, and of kept symlinks that dangle in the image.

    found: the packer's counts, as in packer/scan/unusual.go. root: the folder of the dataset.
    """
    history = {name: counts for name, counts in sorted(found["history"].items()) if counts[0]}
    if history:
        shown = ", ".join(f"{name} ({files:,} files, {size:,} bytes)" for name, (files, size) in history.items())
        secret = ", and .git/config may contain a password" if ".git" in history else ""
        patterns = ", ".join(f"{name}/" for name in history)
        warn(f"images contain the version control data of the dataset: {shown}{secret}; use exclude: [{patterns}]")
    if found["broken"]:
        remedy = "correct or exclude them"
        if found["annex"]:
            remedy = f"run `datalad get .` or `git annex get .` in {root!r} and set symlinks: follow"
        counts = f"{found['broken']:,} ({found['annex']:,} of git-annex), first {found['first']!r}"
        warn(f"`symlinks: keep` stores dangling symlinks: {counts}; {remedy}")
