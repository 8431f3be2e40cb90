"""The files of a base after all of its layers, by their whole paths. Source: OCI image-spec 1.1, layer.md."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from datacontainer.runtime.errors import DataError
from datacontainer.verify.comparison import Row, folder_row, shown
from datacontainer.verify.kinds import FOLDER, LINK

HARD = "hard link"
# Of symlinks on the way to a path.
MAX_LINKS = 40


class Entry(NamedTuple):
    """A member of a layer. row: None for a device or another kind that a SIF does not contain."""

    path: bytes
    row: Row | None


class BaseFiles:
    """The rows of the layers added so far, by path without a slash at the end."""

    def __init__(self) -> None:
        """Of no layer."""
        self._rows: dict[bytes, Row] = {}
        self._inside: defaultdict[bytes, set[bytes]] = defaultdict(set)

    def add(self, entries: Sequence[Entry]) -> None:
        """Adds a layer, whose whiteouts hide files of earlier layers.

        Raises:
            DataError: if a path leads out of the image, or below a file.
        """
        named = [(*_split(one.path), one.row) for one in entries if one.path.strip(b"/") not in (b"", b".")]
        for folder, name, _ in named:
            if name.startswith(b".wh."):
                self._hide(self._resolved(folder), name)
        for folder, name, row in named:
            if not name.startswith(b".wh."):
                self._put(self._resolved(folder), name, row)

    def rows(self) -> Iterator[Row]:
        """All rows; the path of a folder ends with a slash."""
        for path, row in self._rows.items():
            yield row._replace(path=path + b"/" if row.kind == FOLDER else path)

    def _hide(self, folder: bytes, name: bytes) -> None:
        if name == b".wh..wh..opq":
            for path in list(self._inside[folder]):
                self._remove(path)
        else:
            self._remove(_joined(folder, name.removeprefix(b".wh.")))

    def _put(self, folder: bytes, name: bytes, row: Row | None) -> None:
        self._make_folder(folder)
        path = _joined(folder, name)
        if row is not None and row.kind == HARD:
            outer, last = _split(row.target)
            row = self._rows.get(_joined(self._resolved(outer), last))
            if row is None:
                raise DataError(f"{shown(path)} of the base is a hard link to no file")
        before = self._rows.get(path)
        if before is not None and not (row and row.kind == before.kind == FOLDER):
            self._remove(path)
        if row is not None:
            self._rows[path] = row
            self._inside[folder].add(path)

    def _make_folder(self, path: bytes) -> None:
        if not path:
            return
        found = self._rows.get(path)
        if found is None:
            parent = path.rpartition(b"/")[0]
            self._make_folder(parent)
            self._rows[path] = folder_row(b"", 0o755)
            self._inside[parent].add(path)
        elif found.kind != FOLDER:
            raise DataError(f"{shown(path)} of the base is a {found.kind}, and has files below it")

    def _remove(self, path: bytes) -> None:
        """Removes a path and all paths below it."""
        waiting = [path]
        while waiting:
            one = waiting.pop()
            self._rows.pop(one, None)
            waiting += self._inside.pop(one, ())
        self._inside[path.rpartition(b"/")[0]].discard(path)

    def _resolved(self, folder: bytes) -> bytes:
        """The path of a folder without symlinks, which never lead out of the root."""
        done, left, links = b"", folder.split(b"/"), 0
        while left:
            name, *left = left
            if name in (b"", b"."):
                continue
            path = done.rpartition(b"/")[0] if name == b".." else _joined(done, name)
            row = self._rows.get(path)
            if row is None or row.kind != LINK or links == MAX_LINKS:
                done = path
                continue
            links += 1
            left = row.target.split(b"/") + left
            done = b"" if row.target.startswith(b"/") else done
        return done


def _split(path: bytes) -> tuple[bytes, bytes]:
    """The folder and the last name of a path."""
    names = [name for name in path.split(b"/") if name not in (b"", b".")]
    if b".." in names or not names:
        raise DataError(f"the base has the path {shown(path)}, which leads out of the image")
    return b"/".join(names[:-1]), names[-1]


def _joined(folder: bytes, name: bytes) -> bytes:
    return folder + b"/" + name if folder else name
