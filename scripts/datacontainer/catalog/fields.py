"""The types of users' fields: each type is the narrowest that fits all values of the field."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.catalog.nonerows import NONE_MARK, none_marks
from datacontainer.functions.values import MOST_FIELDS
from datacontainer.runtime.errors import UsageError

DIGEST_MARK = {b"digest": b"1"}
BUILT_IN = ("path", "size", "mtime", *DIGEST_BYTES, "link", "layer", "offset")

# The kinds of fields. An "int" is exact as a float too (up to 2**53), a "long" needs 64 bits. A "number" is int and
# float mixed: floats in the catalog, but JSON in a shard, because the field may be text in another shard, and the
# catalog must not depend on the division into shards.
NULL, BOOL, INT, LONG, FLOAT, NUMBER, TEXT, JSON = "null", "bool", "int", "long", "float", "number", "text", "json"
ARROW_TYPES = {
    NULL: pa.null(),
    BOOL: pa.bool_(),
    INT: pa.int64(),
    LONG: pa.int64(),
    FLOAT: pa.float64(),
    NUMBER: pa.float64(),
    TEXT: pa.string(),
    JSON: pa.string(),
}
KIND = b"kind"
JSON_MARK = {b"json": b"1"}


@dataclass
class FieldTable:
    """The users' fields of one shard: the values of each field and their rows, as each file may have other fields."""

    rows: int = 0
    columns: dict[str, tuple[list[int], list[Any]]] = field(default_factory=dict)

    def append(self, fields: Mapping[str, Any]) -> None:
        """Adds a row."""
        for key, value in fields.items():
            rows, values = self.columns.setdefault(key, ([], []))
            rows.append(self.rows)
            values.append(value)
        self.rows += 1

    def arrays(self) -> list[tuple[pa.Field, pa.Array]]:
        """Returns the columns as Arrow arrays; a field's metadata has its kind, and the marks of none_marks.

        Raises:
            UsageError: if there are more than MOST_FIELDS.
        """
        check_number(len(self.columns))
        return [self._array(key, *column) for key, column in self.columns.items()]

    def _array(self, key: str, rows: list[int], values: list[Any]) -> tuple[pa.Field, pa.Array]:
        kind = NULL
        for value in values:
            kind = widen(kind, kind_of(value))
        array = _json_array(values) if kind in {NUMBER, JSON} else pa.array(values, ARROW_TYPES[kind])
        none_rows = [row for row, value in zip(rows, values, strict=True) if value is None] if array.null_count else []
        if len(rows) < self.rows:
            places = np.full(self.rows, -1)
            places[rows] = np.arange(len(rows))
            array = array.take(pa.array(places, mask=places < 0))
        marks = none_marks(self.rows - array.null_count, none_rows, self.rows)
        return pa.field(key, array.type, metadata={KIND: kind.encode()} | marks), array


def check_number(number: int) -> None:
    """Returns if a catalog may have this number of users' fields.

    Raises:
        UsageError: if there are more than MOST_FIELDS.
    """
    if number > MOST_FIELDS:
        raise UsageError(
            f"the metadata functions returned {number:,} different keys, and a dataset has at most {MOST_FIELDS:,} "
            "fields: return a list or a dict as the value of one key"
        )


def kind_of(value: Any) -> str:
    """Returns the narrowest kind that represents the value exactly."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT if abs(value) <= 2**53 else LONG if -(2**63) <= value < 2**63 else JSON
    if isinstance(value, float):
        return FLOAT
    if isinstance(value, str):
        return TEXT if _is_unicode(value) else JSON
    return JSON


def widen(one: str, other: str) -> str:
    """Returns the narrowest kind that represents the values of both kinds."""
    kinds = {one, other} - {NULL}
    if len(kinds) <= 1:
        return kinds.pop() if kinds else NULL
    if kinds == {INT, LONG}:
        return LONG
    return NUMBER if kinds <= {INT, FLOAT, NUMBER} else JSON


def convert(array: pa.Array, kind: str, wanted: str) -> pa.Array:
    """Returns an array of the kind `kind` as an array of the kind `wanted`, which `widen` returned."""
    if kind == NUMBER and wanted == JSON:
        return array
    if kind == NUMBER:
        return pa.array([None if text is None else json.loads(text) for text in array.to_pylist()], pa.float64())
    if wanted == JSON and kind not in {NULL, JSON}:
        return _json_array(array.to_pylist())
    return array.cast(ARROW_TYPES[wanted])


def catalog_field(key: str, kind: str, with_none: bool = False) -> pa.Field:
    """Returns the catalog's column for a field; its metadata has JSON_MARK if the texts are JSON, and NONE_MARK."""
    # A field without values is a text column, as not every Parquet reader supports the type null.
    stored = ARROW_TYPES[TEXT if kind == NULL else kind]
    marks = (JSON_MARK if kind == JSON else {}) | (NONE_MARK if with_none else {})
    return pa.field(key, stored, metadata=marks or None)


def _json_array(values: list[Any]) -> pa.Array:
    return pa.array([None if value is None else json.dumps(value) for value in values], pa.string())


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
