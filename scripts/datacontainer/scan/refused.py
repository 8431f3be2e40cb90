"""Refused: the error about entries of a dataset that cannot be stored in an image, grouped by cause."""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger

# Number of names in the whole error; the log lists all entries.
SHOWN = 5
ANNEX = b".git/annex/objects/"
DANGLING, LOOP = b"is a symlink to a path that does not exist", b"is a symlink in a loop"
UNREADABLE, NAME = b"cannot be ", b"has a name "
# The ends of the packer's texts of system errors.
GONE = (b"(No such file or directory)", b"(Not a directory)", b"(Stale file handle)")
DENIED = (b"(Permission denied)", b"(Operation not permitted)")


class Refused(NamedTuple):
    """An entry that cannot be stored in an image. target: of a symlink."""

    path: bytes
    reason: bytes
    target: bytes = b""

    def __str__(self) -> str:
        """The entry and the reason."""
        return f"{self.name} {self.reason.decode()}{self.shown_target}"

    @property
    def name(self) -> str:
        """The quoted path; that of the dataset itself is '.'."""
        return repr(os.fsdecode(self.path) or ".")

    @property
    def shown_target(self) -> str:
        """The quoted target of a symlink, with a space before it."""
        return f" {os.fsdecode(self.target)!r}" if self.target else ""


@dataclass
class _Group:
    """The entries with one cause. first: the first SHOWN of them."""

    remedy: str
    count: int = 0
    first: list[str] = field(default_factory=list)


def raise_refused(entries: Iterable[Refused], root: str) -> None:
    """Raises DataError about the entries, if there are any; logs each entry. root: the folder of the dataset."""
    groups: dict[str, _Group] = {}
    for entry in entries:
        logger.error("refused: %s", entry)
        cause, remedy = _cause(entry, root)
        group = groups.setdefault(cause, _Group(remedy))
        group.count += 1
        if len(group.first) < SHOWN:
            group.first.append(f"{entry.name}{' ->' if entry.target else ''}{entry.shown_target}")
    if groups:
        total = sum(group.count for group in groups.values())
        noun = "an entry" if total == 1 else f"{total:,} entries"
        raise DataError(f"the dataset contains {noun} that cannot be stored in an image", _details(groups, total))


def _details(groups: dict[str, _Group], total: int) -> Iterator[str]:
    """A line for each cause, followed by some of its entries; each cause has about the same number of them."""
    left = SHOWN
    for number, (cause, group) in enumerate(groups.items()):
        yield f"{cause} ({group.count:,}): {group.remedy}"
        shown = group.first[: left // (len(groups) - number)]
        left -= len(shown)
        yield from (f"  {one}" for one in shown)
    if total > SHOWN - left:
        yield f"the log lists all {total:,} entries"


def _cause(entry: Refused, root: str) -> tuple[str, str]:
    """The cause, as a noun in the singular, and the remedy."""
    reason = entry.reason
    # A target may be excluded, or outside of the dataset, and also missing.
    if ANNEX in entry.target and not os.path.exists(os.path.join(os.fsencode(root), entry.path)):
        return "symlink into .git/annex without content", f"run `datalad get .` or `git annex get .` in {root!r}"
    if entry.target and not reason.startswith((DANGLING, LOOP)):
        return _noun(reason), (
            "store the files behind the symlinks with `symlinks: follow`, or the symlinks with `symlinks: keep`, as in "
            f"--set symlinks=follow or --config dataset='{{path: {root}, symlinks: follow}}'"
        )
    if reason.startswith(DANGLING):
        keep = f"--set symlinks=keep or --config dataset='{{path: {root}, symlinks: keep}}'"
        return _noun(reason), f"correct the target, or store the symlinks unchanged with {keep}"
    if reason.startswith(UNREADABLE):
        return f"entry that {reason.decode()}", _repair(reason)
    if reason.startswith(NAME):
        return _noun(reason), "rename the entries, or use `exclude`"
    return _noun(reason), "delete the entries, or use `exclude`"


def _repair(reason: bytes) -> str:
    """The remedy for an entry that the system cannot read, by the text of the system's error."""
    if reason.endswith(GONE):
        return "another process changed them during the scan: end it, and run snakemake again"
    if reason.endswith(DENIED):
        return "give read permission with `chmod`, or use `exclude`"
    return "repair the file system, or use `exclude`"


def _noun(reason: bytes) -> str:
    """The reason as a noun, without the length of one path: "is a fifo" becomes "fifo"."""
    text = re.sub(r"^(is|has) an? ", "", reason.decode().rstrip(":"))
    return re.sub(r"path of \d+ bytes, more than the", "path longer than the", text).replace(
        "the absolute", "an absolute"
    )
