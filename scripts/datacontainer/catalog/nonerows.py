"""The rows for which a function returned None, in a column in which other rows have no value at all.

Parquet has one kind of null. A column has NONE_MARK if a function returned None for a file. All its nulls are then
None, unless the metadata lists the rows that are: one bit per row, the least significant first, as Zstandard in base64.
"""

import base64
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# A function returned None for a file.
NONE_MARK = {b"none": b"1"}
# The key of the text: in the metadata of a shard's column, and before a column's name in the metadata of the catalog.
NONE_ROWS = b"none_rows"
CODEC = "zstd"


def has_none(column: pa.Field) -> bool:
    """Returns whether a function returned None for a value of this column."""
    return (column.metadata or {}).items() >= NONE_MARK.items()


def none_marks(values: int, none_rows: list[int], rows: int) -> dict[bytes, bytes]:
    """Returns the metadata of a shard's column of `rows` rows, of which `values` have a value and `none_rows` None."""
    if not none_rows:
        return {}
    if values + len(none_rows) == rows:
        return NONE_MARK
    is_none = np.zeros(rows, bool)
    is_none[none_rows] = True
    return NONE_MARK | {NONE_ROWS: _encode(is_none)}


def none_rows_of(catalog: Mapping[bytes, bytes], column: str, rows: int) -> np.ndarray | None:
    """Returns which rows of a column with NONE_MARK are None; None for all without a value. catalog: its metadata."""
    text = catalog.get(_key(column))
    return None if text is None else _decode(text, rows)


class NoneRows:
    """Collects the rows that are None, shard by shard: a bit per row for each column with NONE_MARK."""

    def __init__(self, schema: pa.Schema) -> None:
        """schema: of the catalog."""
        self._rows: list[int] = []
        self._bits: dict[str, list[np.ndarray]] = {field.name: [] for field in schema if has_none(field)}
        self._partial: set[str] = set()

    def add(self, shard: pa.Table) -> None:
        """Adds the records of a shard."""
        self._rows.append(shard.num_rows)
        for name, bits in self._bits.items():
            missing, is_none = _missing_and_none(shard, name)
            if (missing != is_none).any():
                self._partial.add(name)
            bits.append(np.packbits(is_none))

    def metadata(self) -> dict[bytes, bytes]:
        """Returns the metadata of the catalog: a text for each column in which not all nulls are None."""
        return {_key(name): _encode(self._joined(bits)) for name, bits in self._bits.items() if name in self._partial}

    def _joined(self, bits: list[np.ndarray]) -> np.ndarray:
        parts = zip(bits, self._rows, strict=True)
        return np.concatenate([np.unpackbits(packed, count=rows) for packed, rows in parts])


def _missing_and_none(shard: pa.Table, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns which rows have no value, and which of them are None."""
    if shard.schema.get_field_index(name) < 0:
        return np.ones(shard.num_rows, bool), np.zeros(shard.num_rows, bool)
    missing = np.asarray(pc.is_null(shard[name]))
    field = shard.schema.field(name)
    if NONE_ROWS in (field.metadata or {}):
        return missing, _decode(field.metadata[NONE_ROWS], shard.num_rows)
    return missing, missing if has_none(field) else np.zeros_like(missing)


def _key(column: str) -> bytes:
    return NONE_ROWS + b":" + column.encode()


def _encode(is_none: np.ndarray) -> bytes:
    return base64.b64encode(pa.compress(np.packbits(is_none, bitorder="little").data, CODEC, asbytes=True))


def _decode(text: bytes, rows: int) -> np.ndarray:
    bits = pa.decompress(base64.b64decode(text), (rows + 7) // 8, CODEC, asbytes=True)
    return np.unpackbits(np.frombuffer(bits, np.uint8), count=rows, bitorder="little").astype(bool)
