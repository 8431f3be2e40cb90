"""The rows expected in images, from the catalog; folders and modes, which only the layers contain; the totals."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from datacontainer.runtime.errors import DataError
from datacontainer.verify.comparison import Place, Row, folder_row, shown
from datacontainer.verify.kinds import FILE, FOLDER, LINK

BATCH_ROWS = 1 << 14
READ_BYTES = 1 << 16


@dataclass
class Totals:
    """The numbers of the rows counted so far, and their dataset digest."""

    counts: dict[str, int] = field(default_factory=lambda: {FILE: 0, LINK: 0, FOLDER: 0})
    size_bytes: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def counted(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Returns the rows and counts them; hashes files and links as the dataset digest in `dataset.json`."""
        for row in rows:
            self.counts[row.kind] += 1
            if row.kind != FOLDER:
                link = b"link:" if row.kind == LINK else b""
                self._digest.update(b"%b%b  %b\0" % (link, row.sha256.encode(), row.path))
            if row.kind == FILE:
                self.size_bytes += row.size_bytes
            yield row

    def described(self) -> dict[str, int]:
        """The counts with their names in the report."""
        return {f"{kind}s": count for kind, count in self.counts.items()} | {"bytes": self.size_bytes}

    def digest(self) -> str:
        """The dataset digest of the rows counted so far."""
        return f"sha256:{self._digest.hexdigest()}"


def catalog_rows(catalog: Path, places: Iterable[Place | None] = ()) -> Iterator[Row]:
    """The rows of the catalog in its order; only one batch is in memory at a time. places: of the first rows.

    Raises:
        DataError: if the rows are not sorted by the bytes of their paths, or the file is damaged.
    """
    previous = None
    try:
        with pq.ParquetFile(catalog) as file:
            for row in _rows(file, catalog, chain(places, repeat(None))):
                if previous is not None and row.path <= previous:
                    raise DataError(f"the catalog is not sorted: {shown(row.path)} follows {shown(previous)}")
                previous = row.path
                yield row
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(f"the catalog {str(catalog)!r} cannot be read: {error}; delete it and run again") from error


def _rows(file: pq.ParquetFile, catalog: Path, places: Iterator[Place | None]) -> Iterator[Row]:
    schema = file.schema_arrow
    names = schema.names
    if missing := {"path", "size", "sha256"}.difference(names):
        raise DataError(f"the catalog {str(catalog)!r} has no column {', '.join(sorted(missing))}")
    if not (pa.types.is_integer(schema.field("size").type) and pa.types.is_string(schema.field("sha256").type)):
        raise DataError(f"the catalog {str(catalog)!r} has a size or sha256 of another type")
    for batch in file.iter_batches(BATCH_ROWS, columns=["path", "size", "sha256", *{"link"}.intersection(names)]):
        if batch["path"].null_count + batch["size"].null_count + batch["sha256"].null_count:
            raise DataError(f"the catalog {str(catalog)!r} has a row without path, size or sha256")
        path, link = (
            batch[name].cast(pa.binary()).to_pylist() if name in names else [None] * len(batch)
            for name in ("path", "link")
        )
        for one in zip(path, batch["size"].to_pylist(), batch["sha256"].to_pylist(), link, places, strict=False):
            yield _row(*one)


def _row(path: bytes, size_bytes: int, sha256: str, target: bytes | None, place: Place | None) -> Row:
    kind = FILE if target is None else LINK
    return Row(path, kind, size_bytes, sha256, target or b"", None, place)


class Spool:
    """The paths of the folders and executables of the layers, stored in a file instead of memory."""

    def __init__(self, file: IO[bytes]) -> None:
        """file: an empty file, open for writing and reading."""
        self._file = file

    def recorded(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Returns the rows of files and links; stores the paths of folders and executables."""
        for row in rows:
            if row.kind == FOLDER or (row.kind == FILE and row.mode == 0o755):
                self._file.write(row.path + b"\0")
            if row.kind != FOLDER:
                yield row

    def added_to(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The catalog's rows with their modes in the layers, and the folders of the layers, sorted by path."""
        stored = self._paths()
        path = next(stored, None)
        for row in rows:
            while path is not None and path < row.path:
                yield from _folder(path)
                path = next(stored, None)
            executable = path == row.path
            if executable:
                path = next(stored, None)
            yield row._replace(mode=0o777 if row.kind == LINK else 0o755 if executable else 0o644)
        while path is not None:
            yield from _folder(path)
            path = next(stored, None)

    def _paths(self) -> Iterator[bytes]:
        self._file.seek(0)
        rest = b""
        while block := self._file.read(READ_BYTES):
            *paths, rest = (rest + block).split(b"\0")
            yield from paths


def _folder(path: bytes) -> list[Row]:
    """A folder's row; no row for an executable that is not in the catalog, a difference that was recorded before."""
    return [folder_row(path, 0o755)] if path.endswith(b"/") or not path else []
