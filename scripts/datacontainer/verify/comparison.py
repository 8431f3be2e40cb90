"""Comparison of two streams of rows that are sorted by path; the list of differences found."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger
from datacontainer.verify.kinds import FILE, FOLDER, LINK

# The modes allowed in images, by kind; decisions/0002.
MODES = {FILE: (0o644, 0o755), LINK: (0o777,), FOLDER: (0o755,)}
# The number of differences in the error message, and the number after which the comparison stops.
SHOWN, MAX_DIFFERENCES = 3, 20


class Place(NamedTuple):
    """The place of a file's content: the number of the layer, among those with files, and the offset in its tar."""

    layer: int
    offset: int


class Row(NamedTuple):
    """A file, link or folder below the mount.

    path: relative to the mount, empty for the mount; a folder's path ends with a slash. size_bytes, sha256 (in hex): of
    a file's content or of a link's target. mode: None if it is not known. place: of a file, None if it is not known.
    """

    path: bytes
    kind: str
    size_bytes: int
    sha256: str
    target: bytes
    mode: int | None
    place: Place | None = None


def link_row(path: bytes, target: bytes, mode: int) -> Row:
    """The row of a link, with the size and the digest of its target's bytes."""
    return Row(path, LINK, len(target), hashlib.sha256(target).hexdigest(), target, mode)


def folder_row(path: bytes, mode: int) -> Row:
    """The row of a folder."""
    return Row(path, FOLDER, 0, "", b"", mode)


class DifferencesError(DataError):
    """Raised with the first differences; no further comparison follows."""


@dataclass
class Differences:
    """The differences found, a line for each, and the files and folders that the user must delete to repair them.

    displaced: the numbers of the layers for which a different place was recorded.
    """

    lines: list[str] = field(default_factory=list)
    remedies: list[Path] = field(default_factory=list)
    displaced: set[int] = field(default_factory=set)
    _remedy: Path = Path()

    @contextmanager
    def remedy(self, path: Path) -> Iterator[None]:
        """Sets the path to delete for the differences found in the block; records a DataError as a difference."""
        before, self._remedy = self._remedy, path
        try:
            yield
        except DifferencesError:
            raise
        except DataError as error:
            self.add(str(error))
        finally:
            self._remedy = before

    def add(self, line: str) -> None:
        """Records a difference.

        Raises:
            DifferencesError: if there are MAX_DIFFERENCES differences.
        """
        logger.error("%s", line)
        self.lines.append(line)
        if self._remedy not in self.remedies:
            self.remedies.append(self._remedy)
        if len(self.lines) >= MAX_DIFFERENCES:
            raise self._error()

    def check(self, what: str, expected: Any, found: Any, expected_by: str, found_in: str) -> None:
        """Records a difference if the two values are not equal."""
        if expected != found:
            one, other = ("nothing" if value in (None, "") else value for value in (expected, found))
            self.add(f"{what}: expected {one} ({expected_by}), found {other} ({found_in})")

    def raise_any(self) -> None:
        """Raises a DataError that names the first differences, if there are any."""
        if self.lines:
            raise self._error()

    def _error(self) -> DifferencesError:
        more = len(self.lines) - SHOWN
        rest = f"; and {more} more, all in the log" if more > 0 else ""
        stopped = f"; stopped after {MAX_DIFFERENCES} differences" if len(self.lines) >= MAX_DIFFERENCES else ""
        remedies = " and ".join(repr(str(path)) for path in self.remedies)
        first = "; ".join(self.lines[:SHOWN])
        return DifferencesError(f"{first}{rest}{stopped}; delete {remedies} and run snakemake again")


def compare(expected: Iterable[Row], found: Iterable[Row], where: str, differences: Differences) -> None:
    """Records the differences between the expected rows and the rows of an image; both are sorted by path.

    where: the image in messages, as in "the layers". The expected files and links come from the catalog; the expected
    folders and modes, which the catalog does not contain, come from the layers.
    """
    for expected_row, found_row in _paired(iter(expected), iter(found)):
        if found_row is None and expected_row is not None:
            differences.add(f"{shown(expected_row.path)} is missing from {where}")
        elif expected_row is None and found_row is not None:
            differences.add(f"{shown(found_row.path)} is in {where} but not in {_source(found_row.kind)}")
        elif expected_row is not None and found_row is not None:
            _compare_rows(expected_row, found_row, where, differences)


def compare_fields(expected: Row, found: Row, expected_by: str, found_in: str, differences: Differences) -> None:
    """Records the first field in which two rows with the same path differ."""
    for name, text in FIELDS.items():
        one, other = getattr(expected, name), getattr(found, name)
        if one != other:
            differences.check(shown(found.path), text(one), text(other), expected_by, found_in)
            return


def shown(path: bytes) -> str:
    """The path quoted for messages."""
    return repr(os.fsdecode(path) or ".")


FIELDS: dict[str, Callable[[Any], str]] = {
    "kind": str,
    "target": lambda target: f"a symlink to {shown(target)}",
    "size_bytes": "{} bytes".format,
    "sha256": "sha256 {}".format,
    "mode": "mode {:04o}".format,
}


def _paired(expected: Iterator[Row], found: Iterator[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    left, right = next(expected, None), next(found, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.path < right.path):
            yield left, None
            left = next(expected, None)
        elif left is None or right.path < left.path:
            yield None, right
            right = next(found, None)
        else:
            yield left, right
            left, right = next(expected, None), next(found, None)


def _compare_rows(expected: Row, found: Row, where: str, differences: Differences) -> None:
    path, allowed = shown(found.path), MODES[found.kind]
    if found.mode not in allowed:
        modes = " or ".join(f"{mode:04o}" for mode in allowed)
        differences.add(f"{path}: expected mode {modes} for a {found.kind}, found {found.mode:04o} ({where})")
    if expected.mode is None or found.mode not in allowed:
        expected = expected._replace(mode=found.mode)
    if expected.place is None and found.place is not None:
        expected = expected._replace(place=found.place)
    if expected == found:
        return
    for name, text in FIELDS.items():
        one, other = getattr(expected, name), getattr(found, name)
        if one != other:
            source = "the layers" if name == "mode" else _source(expected.kind)
            differences.check(path, text(one), text(other), source, where)
            return
    # The first file with another size displaces all files after it.
    if found.place and found.place.layer not in differences.displaced:
        differences.displaced.add(found.place.layer)
        one, other = (f"byte {p.offset} of layer {p.layer}" for p in (expected.place, found.place) if p)
        differences.check(f"the place of {path}", one, other, "catalog.parquet in the image", where)


def _source(kind: str) -> str:
    return "the layers" if kind == FOLDER else "the catalog"
