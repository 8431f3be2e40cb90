"""The types of users' fields: found value by value, widened until every value fits, and stored in columns."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from datacontainer.functions.load import FunctionError

DIGEST_BYTES = {"sha256": 32, "sha1": 20, "sha512": 64, "md5": 16, "crc32c": 4, "blake3": 32}
DIGEST_MARK = {b"digest": b"1"}
BUILT_IN = ("path", "size", "mtime", *DIGEST_BYTES, "link")

# A field's kind says which values it holds. "int" is exact as a float too (up to 2**53), "long" needs 64 bits. "number"
# is int and float mixed: floats in the catalog, but JSON in a shard, as in another shard the field may be text, and the
# catalog must not depend on how the dataset was cut.
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
# A function returned None for some file: a missing value is then printed as null, and not left out.
NONE_MARK = {b"none": b"1"}


@dataclass
class FieldTable:
    """The users' fields of one shard, in columns: a list of values for each field, None where a file has none."""

    rows: int = 0
    columns: dict[str, list[Any]] = field(default_factory=dict)
    with_none: set[str] = field(default_factory=set)

    def append(self, fields: Mapping[str, Any]) -> None:
        """Adds a row."""
        for key, value in fields.items():
            self.columns.setdefault(key, [None] * self.rows)
            if value is None:
                self.with_none.add(key)
        self.rows += 1
        for key, column in self.columns.items():
            column.append(fields.get(key))

    def arrays(self) -> list[tuple[pa.Field, pa.Array]]:
        """The columns as Arrow arrays; each field's metadata holds its kind, and NONE_MARK where that holds."""
        return [_array(key, values, NONE_MARK if key in self.with_none else {}) for key, values in self.columns.items()]


def merge_fields(
    functions: Sequence[Any], argument: Any, subject: str, taken: Iterable[str] = BUILT_IN
) -> dict[str, Any]:
    """The fields that all functions return for one argument.

    Raises:
        FunctionError: if a function fails, or returns a key that is built in or that another function returned.
    """
    merged: dict[str, Any] = {}
    for function in functions:
        fields = function(argument, subject)
        for key in fields:
            if key in merged or key in taken:
                problem = f"it returned the key {key!r}, which is taken: choose another"
                raise FunctionError(function.spec, subject, problem)
        merged.update(fields)
    return merged


def kind_of(value: Any) -> str:
    """The narrowest kind that holds the value exactly."""
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
    """The narrowest kind that holds the values of both."""
    kinds = {one, other} - {NULL}
    if len(kinds) <= 1:
        return kinds.pop() if kinds else NULL
    if kinds == {INT, LONG}:
        return LONG
    return NUMBER if kinds <= {INT, FLOAT, NUMBER} else JSON


def convert(array: pa.Array, kind: str, wanted: str) -> pa.Array:
    """The array of a field of one kind as one of a kind that `widen` gives for it."""
    if kind == NUMBER and wanted == JSON:
        return array
    if kind == NUMBER:
        return pa.array([None if text is None else json.loads(text) for text in array.to_pylist()], pa.float64())
    if wanted == JSON and kind not in {NULL, JSON}:
        return _json_array(array.to_pylist())
    return array.cast(ARROW_TYPES[wanted])


def has_none(column: pa.Field) -> bool:
    """Whether a function returned None for a value of this column."""
    return (column.metadata or {}).items() >= NONE_MARK.items()


def catalog_field(key: str, kind: str, with_none: bool = False) -> pa.Field:
    """The catalog's column for a field; its metadata has JSON_MARK for text that holds JSON, and NONE_MARK."""
    # A field that is missing everywhere still has a type that every reader knows.
    stored = ARROW_TYPES[TEXT if kind == NULL else kind]
    marks = (JSON_MARK if kind == JSON else {}) | (NONE_MARK if with_none else {})
    return pa.field(key, stored, metadata=marks or None)


def _array(key: str, values: list[Any], marks: dict[bytes, bytes]) -> tuple[pa.Field, pa.Array]:
    kind = NULL
    for value in values:
        kind = widen(kind, kind_of(value))
    array = _json_array(values) if kind in {NUMBER, JSON} else pa.array(values, ARROW_TYPES[kind])
    return pa.field(key, array.type, metadata={KIND: kind.encode()} | marks), array


def _json_array(values: list[Any]) -> pa.Array:
    return pa.array([None if value is None else json.dumps(value) for value in values], pa.string())


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
