"""Catalogs as a comparison reads them: the product's, with relative paths, and those of images."""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.catalog.fields import BOOL, DIGEST_MARK, FLOAT, INT, JSON, JSON_MARK, TEXT, convert
from datacontainer.catalog.nonerows import has_none, none_rows_of
from datacontainer.runtime.errors import DataError

# Columns that are not compared: the key, times, and places in layers.
NOT_COMPARED = {"path", "mtime", "layer", "offset"}
REQUIRED = ("path", "sha256", "size")
# The targets of symlinks are bytes.
BYTES = "bytes"
KINDS = {pa.bool_(): BOOL, pa.int64(): INT, pa.float64(): FLOAT, pa.string(): TEXT}
LONGEST_PATH = 1 << 30
WRONG = (pa.ArrowException, OSError, ValueError, KeyError, TypeError)


class Missing:
    """The value of a file for which no function returned one."""


class Values(NamedTuple):
    """The values of a column for some rows. kind: as in catalog.fields. is_none: where a function returned None."""

    array: pa.Array
    kind: str
    is_none: np.ndarray

    def take(self, rows: np.ndarray) -> "Values":
        """The values of some of the rows."""
        return Values(self.array.take(pa.array(rows)), self.kind, self.is_none[rows])

    def to_json(self) -> "Values":
        """The same values as JSON texts."""
        if self.kind == JSON:
            return self
        return Values(convert(self.array, self.kind, JSON), JSON, self.is_none)

    def to_python(self, start: int, stop: int) -> Iterator[Any]:
        """Yields values for JSON; infinity and NaN are null, as in the answers of the entrypoint."""
        for value, is_none in zip(self.array[start:stop].to_pylist(), self.is_none[start:stop], strict=True):
            if value is None:
                yield None if is_none else Missing
            elif isinstance(value, bytes):
                yield os.fsdecode(value)
            else:
                yield finite(json.loads(value) if self.kind == JSON else value)


class Catalog:
    """A catalog. paths: relative to the mount, as large_binary, increasing. Columns are read when they are needed."""

    def __init__(self, name: str, file: pq.ParquetFile) -> None:
        """name: of the data container, for errors. file: stays open as long as the catalog is used.

        Raises:
            DataError: if it is no catalog.
        """
        self._name, self._file = name, file
        self.rows: int = file.metadata.num_rows
        self._metadata = file.metadata.metadata or {}
        self._fields = {field.name: field for field in file.schema_arrow}
        if lacking := [one for one in REQUIRED if one not in self._fields]:
            raise damaged(name, f"it has no column {lacking[0]!r}")
        if len(self._fields) < len(file.schema_arrow):
            raise damaged(name, "two columns have the same name")
        paths = self._column("path", pa.large_binary())
        if mount := self._metadata.get(b"mount"):
            if not pc.all(pc.starts_with(paths, mount + b"/"), min_count=0).as_py():
                raise damaged(name, f"a path is not below the mount {os.fsdecode(mount)!r}")
            paths = pc.binary_slice(paths, len(mount) + 1, LONGEST_PATH)
        if paths.null_count or not pc.all(pc.less(paths[:-1], paths[1:]), min_count=0).as_py():
            raise damaged(name, "its paths are not in increasing order")
        self.paths = paths

    @property
    def compared(self) -> set[str]:
        """The names of the columns that describe a file."""
        return self._fields.keys() - NOT_COMPARED

    @property
    def digests(self) -> set[str]:
        """The names of the columns with digests."""
        return {name for name, field in self._fields.items() if _has(field, DIGEST_MARK)}

    def contents(self) -> pa.Array:
        """A text for each row (large_binary), equal only for equal contents: a digest, or the target of a symlink."""
        digests = self._column("sha256", pa.large_binary())
        if "link" not in self._fields:
            return digests
        links = self._column("link", pa.large_binary())
        # No digest contains a colon.
        return pc.if_else(pc.is_null(links), digests, pc.binary_replace_slice(links, 0, 0, b"link:"))

    def sizes(self) -> np.ndarray:
        """The bytes of each file; 0 for a symlink."""
        sizes = pc.fill_null(self._column("size", pa.int64()), 0)
        if "link" in self._fields:
            sizes = pc.if_else(pc.is_null(self._column("link", pa.large_binary())), sizes, 0)
        return np.asarray(sizes)

    def values(self, name: str) -> Values:
        """The values of a column in all rows; of a column that the catalog lacks, none.

        Raises:
            DataError: if aggregate does not write columns of this type.
        """
        if name not in self._fields:
            return Values(pa.nulls(self.rows, pa.string()), JSON, np.zeros(self.rows, bool))
        field = self._fields[name]
        kind = BYTES if name == "link" else JSON if _has(field, JSON_MARK) else KINDS.get(field.type)
        if kind is None:
            raise damaged(self._name, f"its column {name!r} has the type {field.type}")
        array = self._column(name, pa.large_binary() if kind == BYTES else field.type)
        return Values(array, kind, self._none(field))

    def _none(self, field: pa.Field) -> np.ndarray:
        if not has_none(field):
            return np.zeros(self.rows, bool)
        found = none_rows_of(self._metadata, field.name, self.rows)
        return np.ones(self.rows, bool) if found is None else found

    def _column(self, name: str, wanted: pa.DataType) -> pa.Array:
        try:
            return self._file.read([name])[name].cast(wanted).combine_chunks()
        except WRONG as error:
            raise damaged(self._name, f"its column {name!r} cannot be read ({error})") from error


@contextmanager
def open_catalog(name: str, path: Path) -> Iterator[Catalog]:
    """Opens a catalog in a file. name: of the data container, for errors.

    Raises:
        DataError: if it is no catalog.
    """
    try:
        file = pq.ParquetFile(path)
    except WRONG as error:
        raise damaged(name, f"it is no Parquet file ({error})") from error
    with file:
        yield Catalog(name, file)


def damaged(name: str, found: str) -> DataError:
    """The error for a wrong catalog."""
    return DataError(f"the catalog of {name!r} is damaged: {' '.join(found.split())}: build or push it again")


def finite(value: Any) -> Any:
    """A value of JSON with null in place of each infinity and NaN."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [finite(one) for one in value]
    return {key: finite(one) for key, one in value.items()} if isinstance(value, dict) else value


def _has(field: pa.Field, mark: dict[bytes, bytes]) -> bool:
    return (field.metadata or {}).items() >= mark.items()
