"""Unusual entries: what an image contains, or does not contain, and a user may not expect."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from datacontainer.runtime.logs import note, warn


def note_left_out(defaults: Collection[str], counts: Sequence[int]) -> None:
    """Prints how many entries each of the default patterns excludes, if there are any."""
    found = [(pattern, count) for pattern, count in zip(defaults, counts, strict=True) if count]
    if found:
        shown = ", ".join(f"{count:,} {pattern}" for pattern, count in found)
        note(f"left out, as they are no data: {shown}; exclude_defaults: false packs them")


def warn_broken(found: Mapping[str, Any], root: str) -> None:
    """Warns of kept symlinks that dangle in the image. found: counts of packer/scan/unusual.go. root: the dataset."""
    if not found["count"]:
        return
    remedy = "correct or exclude them"
    if found["annex"]:
        remedy = f"run `datalad get .` or `git annex get .` in {root!r} and set symlinks: follow"
    counts = f"{found['count']:,} ({found['annex']:,} of git-annex), first {found['first']!r}"
    warn(f"`symlinks: keep` stores dangling symlinks: {counts}; {remedy}")
