"""The rows to compare images with: the catalog's, and of folders and modes what only the layers tell; their totals."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from datacontainer.runtime.errors import DataError
from datacontainer.verify.comparison import Row, folder_row, shown
from datacontainer.verify.kinds import FILE, FOLDER, LINK

BATCH_ROWS = 1 << 14
READ_BYTES = 1 << 16


@dataclass
class Totals:
    """Counts of the rows that passed by, and the dataset digest that they give."""

    counts: dict[str, int] = field(default_factory=lambda: {FILE: 0, LINK: 0, FOLDER: 0})
    size_bytes: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The same rows; files and links make the dataset digest that `dataset.json` has."""
        for row in rows:
            self.counts[row.kind] += 1
            if row.kind != FOLDER:
                link = b"link:" if row.kind == LINK else b""
                self._digest.update(b"%b%b  %b\0" % (link, row.sha256.encode(), row.path))
            if row.kind == FILE:
                self.size_bytes += row.size_bytes
            yield row

    def described(self) -> dict[str, int]:
        """The counts as the report has them."""
        return {f"{kind}s": count for kind, count in self.counts.items()} | {"bytes": self.size_bytes}

    def digest(self) -> str:
        """The dataset digest of the rows so far."""
        return f"sha256:{self._digest.hexdigest()}"


def catalog_rows(catalog: Path) -> Iterator[Row]:
    """The rows of the catalog, in its order, a batch in memory at a time.

    Raises:
        DataError: when the order is not that of the paths' bytes, or the file is damaged.
    """
    previous = None
    try:
        with pq.ParquetFile(catalog) as file:
            for row in _rows(file, catalog):
                if previous is not None and row.path <= previous:
                    raise DataError(f"the catalog has {shown(row.path)} behind {shown(previous)}, out of order")
                previous = row.path
                yield row
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"the catalog {str(catalog)!r} cannot be read: {error}") from error


def _rows(file: pq.ParquetFile, catalog: Path) -> Iterator[Row]:
    names = file.schema_arrow.names
    if missing := {"path", "size", "sha256"}.difference(names):
        raise DataError(f"the catalog {str(catalog)!r} has no column {', '.join(sorted(missing))}")
    for batch in file.iter_batches(BATCH_ROWS, columns=["path", "size", "sha256", *{"link"}.intersection(names)]):
        if batch["path"].null_count + batch["size"].null_count + batch["sha256"].null_count:
            raise DataError(f"the catalog {str(catalog)!r} has a row without path, size or sha256")
        path, link = (
            batch[name].cast(pa.binary()).to_pylist() if name in names else [None] * len(batch)
            for name in ("path", "link")
        )
        for one in zip(path, batch["size"].to_pylist(), batch["sha256"].to_pylist(), link, strict=True):
            yield _row(*one)


def _row(path: bytes, size_bytes: int, sha256: str, target: bytes | None) -> Row:
    kind = FILE if target is None else LINK
    return Row(path, kind, size_bytes, sha256, target or b"", None)


class Spool:
    """The folders and executables of the layers, kept in a file: no memory is taken by them."""

    def __init__(self, file: IO[bytes]) -> None:
        """file: an empty one, to write and read."""
        self._file = file

    def noted(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows without the folders; their paths, and those of executables, are written down."""
        for row in rows:
            if row.kind == FOLDER or (row.kind == FILE and row.mode == 0o755):
                self._file.write(row.path + b"\0")
            if row.kind != FOLDER:
                yield row

    def added_to(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The catalog's rows with the modes that they have in the layers, and the folders among them."""
        noted = self._paths()
        path = next(noted, None)
        for row in rows:
            while path is not None and path < row.path:
                yield from _folder(path)
                path = next(noted, None)
            executable = path == row.path
            if executable:
                path = next(noted, None)
            yield row._replace(mode=0o777 if row.kind == LINK else 0o755 if executable else 0o644)
        while path is not None:
            yield from _folder(path)
            path = next(noted, None)

    def _paths(self) -> Iterator[bytes]:
        self._file.seek(0)
        rest = b""
        while block := self._file.read(READ_BYTES):
            *paths, rest = (rest + block).split(b"\0")
            yield from paths


def _folder(path: bytes) -> list[Row]:
    """A folder's row; none for an executable that is not in the catalog, which is known already."""
    return [folder_row(path, 0o755)] if path.endswith(b"/") or not path else []
