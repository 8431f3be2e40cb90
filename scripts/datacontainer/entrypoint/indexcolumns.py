"""The catalog's columns as sections of an index: values, validity, and sort order."""

import binascii
import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datacontainer.catalog.fields import JSON_MARK
from datacontainer.catalog.text import text_parts
from datacontainer.entrypoint.indexbody import SECTION_BYTES, Body, size_of
from datacontainer.runtime.errors import DataError

INTEGER, FLOAT, BOOLEAN, TEXT, JSON, DIGEST = 1, 2, 3, 4, 5, 6


@dataclass(frozen=True)
class Entry:
    """A field's line in the field table, without name and flags.

    base: to add to each stored integer. values to heap: numbers of sections, 0 for none.
    """

    type: int
    values: int
    valid: int
    order: int
    offsets: int = 0
    heap: int = 0
    base: int = 0

    def pack(self, name: bytes, flags: int) -> bytes:
        """Returns the bytes of the line."""
        numbers = (self.values, self.valid, self.order, self.offsets, self.heap)
        return struct.pack("<BBH5Iq", self.type, flags, len(name), *numbers, self.base) + name


def add_column(body: Body, field: pa.Field, column: pa.ChunkedArray) -> Entry:
    """Adds a column of any type but digest to the body.

    Raises:
        DataError: if aggregate does not write columns of this type.
    """
    if pa.types.is_boolean(field.type):
        values = pc.fill_null(column, False).cast(pa.uint8()).to_numpy()
        return _add_fixed(body, BOOLEAN, values, is_valid(column))
    if pa.types.is_float64(field.type):
        values = pc.fill_null(column, 0.0).to_numpy()
        return _add_fixed(body, FLOAT, values, is_valid(column))
    if pa.types.is_int64(field.type):
        return _add_integers(body, column)
    if pa.types.is_string(field.type) or pa.types.is_binary(field.type):
        is_json = JSON_MARK.items() <= (field.metadata or {}).items()
        return _add_texts(body, JSON if is_json else TEXT, column.cast(pa.large_binary()).combine_chunks())
    raise DataError(
        f"the catalog's column {field.name!r} has the type {field.type}, expected bool, int64, double, string or "
        "binary: delete the catalog and run snakemake again"
    )


def add_digests(body: Body, digests: np.ndarray, valid: np.ndarray) -> Entry:
    """Adds digests to the body. digests: a row of bytes each, zeros if missing. valid: which rows have a digest."""
    width = digests.shape[1]
    keys = (np.pad(digests, ((0, 0), (0, -width % 8))) if width % 8 else digests).view(">u8")
    return _entry(body, DIGEST, body.add(digests, width), keys, valid)


def decode_digests(batches: Iterable[pa.Array], rows: int, width: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the bytes of each digest (zeros if missing), and which rows have one; None if a text is not a digest.

    batches: string; digests are lower-case hexadecimal. width: bytes of a digest.
    """
    digests, valid, row = np.empty((rows, width), np.uint8), np.empty(rows, bool), 0
    for batch in batches:
        offsets, digits = text_parts(pc.fill_null(batch, "0" * (2 * width)).cast(pa.large_binary()))
        if (np.diff(offsets) != 2 * width).any() or ((digits >= ord("A")) & (digits <= ord("F"))).any():
            return None
        try:
            found = binascii.unhexlify(digits.data)
        except binascii.Error:
            return None
        digests[row : row + len(batch)] = np.frombuffer(found, np.uint8).reshape(-1, width)
        valid[row : row + len(batch)] = is_valid(batch)
        row += len(batch)
    return digests, valid


def ordered(keys: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Returns the row numbers sorted by key, then by row number; rows without a value come last.

    keys: one or more numbers per row, the most significant number first.
    """
    present = np.flatnonzero(valid)
    first = keys[present, 0].astype(keys.dtype.newbyteorder("="))
    if keys.shape[1] == 1:
        return np.concatenate([present[np.argsort(first, kind="stable")], np.flatnonzero(~valid)])
    # The default is faster, and not stable; few digests share the first number, and only these are compared in full.
    order = np.argsort(first)
    rows, first = present[order], first[order]
    places = _tied(first)
    # Without these arrays, ten million equal digests need less than 2 GB.
    del order, first, present
    tied = rows[places]
    rows[places] = tied[np.lexsort([tied, *keys[tied].T[::-1]])]
    return np.concatenate([rows, np.flatnonzero(~valid)])


def _tied(numbers: np.ndarray) -> np.ndarray:
    """Returns the places of sorted numbers that equal the number before or after them."""
    equal = np.concatenate(([False], numbers[1:] == numbers[:-1], [False]))
    return np.flatnonzero(equal[1:] | equal[:-1])


def is_valid(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Returns which rows have a value."""
    return np.asarray(pc.is_valid(column))


def _add_integers(body: Body, column: pa.ChunkedArray) -> Entry:
    valid = is_valid(column)
    base = pc.min(column).as_py() or 0
    values = pc.fill_null(column, base).to_numpy()
    # Modulo 2**64, as the difference of two int64 may not be an int64.
    above = values.astype(np.uint64) - np.uint64(base % (1 << 64))
    return _entry(body, INTEGER, body.add_numbers(above), values[:, np.newaxis], valid, base=base)


def _add_fixed(body: Body, kind: int, values: np.ndarray, valid: np.ndarray) -> Entry:
    """Adds values of one byte each, or floats of eight bytes."""
    stored = body.add(values.astype(values.dtype.newbyteorder("<")), values.itemsize)
    return _entry(body, kind, stored, values[:, np.newaxis], valid)


def _add_texts(body: Body, kind: int, texts: pa.Array) -> Entry:
    """Adds texts (large_binary), with a dictionary if the index becomes smaller."""
    valid = is_valid(texts)
    distinct, numbers = _dictionary(texts)
    values, plain = 0, pc.fill_null(texts, b"")
    if _heap_size(distinct) + size_of(len(texts), len(distinct) - 1) + SECTION_BYTES < _heap_size(plain):
        values, plain = body.add_numbers(numbers), distinct
    offsets, data = text_parts(plain)
    places = {"offsets": body.add_numbers(offsets), "heap": body.add(data, 0)}
    return _entry(body, kind, values, numbers[:, np.newaxis], valid, **places)


def _dictionary(texts: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """Returns the distinct texts, sorted by bytes, and for each row the number of its text, 0 if it has none."""
    encoded = texts.dictionary_encode()
    by_bytes = np.asarray(pc.sort_indices(encoded.dictionary))
    place = np.zeros(max(1, len(by_bytes)), np.min_scalar_type(len(by_bytes)))
    place[by_bytes] = np.arange(len(by_bytes))
    numbers = place[pc.fill_null(encoded.indices, 0).to_numpy()]
    return encoded.dictionary.take(by_bytes), np.where(is_valid(texts), numbers, place.dtype.type(0))


def _heap_size(texts: pa.Array) -> int:
    """Returns the bytes that the texts and their offsets take in the body."""
    total = pc.sum(pc.binary_length(texts)).as_py() or 0
    return size_of(total, 0) + size_of(len(texts) + 1, total)


def _entry(body: Body, kind: int, values: int, keys: np.ndarray, valid: np.ndarray, **others: int) -> Entry:
    """Adds the sort order and the validity bits of values in the body; returns the field's entry."""
    present = 0 if valid.all() else body.add(np.packbits(valid, bitorder="little"), 1)
    return Entry(kind, values, present, body.add_numbers(ordered(keys, valid)), **others)
