"""Two streams of rows, both in the order of their paths, compared; and the differences found so far."""

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

# The modes that images have, by kind; decisions/0002.
MODES = {FILE: (0o644, 0o755), LINK: (0o777,), FOLDER: (0o755,)}
SHOWN, MOST = 3, 20


class Row(NamedTuple):
    """A path below the mount, and what is there.

    path: a folder's ends with a slash, and the mount's own is empty. size_bytes: of a file's content, or of a link's
    target. sha256: of a file's content, or of a link's target; in hex. mode: None where it is not known.
    """

    path: bytes
    kind: str
    size_bytes: int
    sha256: str
    target: bytes
    mode: int | None


def link_row(path: bytes, target: bytes, mode: int) -> Row:
    """The row of a link: size and digest are those of its target's text."""
    return Row(path, LINK, len(target), hashlib.sha256(target).hexdigest(), target, mode)


def folder_row(path: bytes, mode: int) -> Row:
    """The row of a folder."""
    return Row(path, FOLDER, 0, "", b"", mode)


class DifferencesError(DataError):
    """What images differ in; all comparing ends with it."""


@dataclass
class Differences:
    """What was found to be wrong, a line for each, and what to delete so that it is made anew."""

    lines: list[str] = field(default_factory=list)
    remedies: list[Path] = field(default_factory=list)
    _remedy: Path = Path()

    @contextmanager
    def mended_by_deleting(self, path: Path) -> Iterator[None]:
        """What is found in the block would be made anew if `path` were not there; an error ends it, and is noted."""
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
        """Notes a difference.

        Raises:
            DifferencesError: when there are MOST of them.
        """
        logger.error("%s", line)
        self.lines.append(line)
        if self._remedy not in self.remedies:
            self.remedies.append(self._remedy)
        if len(self.lines) >= MOST:
            raise self._error()

    def check(self, what: str, wanted: Any, given: Any, wanted_by: str, given_by: str) -> None:
        """Notes the difference, if there is one, between two things that should be equal."""
        if wanted != given:
            one, other = ("nothing" if value in (None, "") else value for value in (wanted, given))
            self.add(f"{what}: {wanted_by} says {one}, {given_by} {other}")

    def raise_any(self) -> None:
        """Raises DataError, which names the first differences, if there are any."""
        if self.lines:
            raise self._error()

    def _error(self) -> DifferencesError:
        more = len(self.lines) - SHOWN
        rest = f"; and {more} more, all in the log" if more > 0 else ""
        stopped = ", where the search ended" if len(self.lines) >= MOST else ""
        remedies = " and ".join(repr(str(path)) for path in self.remedies)
        first = "; ".join(self.lines[:SHOWN])
        return DifferencesError(f"{first}{rest}{stopped}; delete {remedies} and run snakemake again")


def compare(expected: Iterable[Row], found: Iterable[Row], where: str, differences: Differences) -> None:
    """Notes where the rows that were found in an image are not those expected; both come in the order of their paths.

    where: as in "the layers". What is expected of files and links comes from the catalog. Folders and modes, which it
    does not have, come from the layers.
    """
    for wanted, given in _paired(iter(expected), iter(found)):
        if given is None and wanted is not None:
            differences.add(f"{shown(wanted.path)} is missing from {where}")
        elif wanted is None and given is not None:
            differences.add(f"{shown(given.path)} is in {where} and not in {_source(given.kind)}")
        elif wanted is not None and given is not None:
            _compare_rows(wanted, given, where, differences)


def shown(path: bytes) -> str:
    """The path as messages have it."""
    return repr(os.fsdecode(path) or ".")


FIELDS: dict[str, Callable[[Any], str]] = {
    "kind": str,
    "target": lambda target: f"a link to {shown(target)}",
    "size_bytes": "{} bytes".format,
    "sha256": "sha256 {}".format,
    "mode": "mode {:04o}".format,
}


def _paired(expected: Iterator[Row], found: Iterator[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    wanted, given = next(expected, None), next(found, None)
    while wanted is not None or given is not None:
        if given is None or (wanted is not None and wanted.path < given.path):
            yield wanted, None
            wanted = next(expected, None)
        elif wanted is None or given.path < wanted.path:
            yield None, given
            given = next(found, None)
        else:
            yield wanted, given
            wanted, given = next(expected, None), next(found, None)


def _compare_rows(wanted: Row, given: Row, where: str, differences: Differences) -> None:
    allowed = MODES[given.kind]
    if given.mode not in allowed:
        modes = " or ".join(f"{mode:04o}" for mode in allowed)
        differences.add(f"{shown(given.path)}: a {given.kind} has mode {modes}, in {where} it has {given.mode:04o}")
    if wanted.mode is None or given.mode not in allowed:
        wanted = wanted._replace(mode=given.mode)
    if wanted == given:
        return
    for name, text in FIELDS.items():
        one, other = getattr(wanted, name), getattr(given, name)
        if one != other:
            source = "the layers say" if name == "mode" else f"{_source(wanted.kind)} says"
            differences.add(f"{shown(wanted.path)}: {source} {text(one)}, {where} {text(other)}")
            return


def _source(kind: str) -> str:
    return "the layers" if kind == FOLDER else "the catalog"
