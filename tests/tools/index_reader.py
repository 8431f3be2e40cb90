"""A simple reader of the index, written only from docs/index-format.md. It asserts that an index follows the format."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

INTEGER, FLOAT, BOOLEAN, TEXT, JSON, DIGEST = 1, 2, 3, 4, 5, 6
FIXED_BYTES = 56
SECTION_BYTES = 24
BLOCK_ROWS = 16
CHECKED_BYTES = 16384


@dataclass(frozen=True)
class Section:
    offset: int
    width: int
    data: bytes

    def items(self) -> list[bytes]:
        """The section's items as bytes."""
        assert self.width > 0 and len(self.data) % self.width == 0
        return [self.data[start : start + self.width] for start in range(0, len(self.data), self.width)]

    def numbers(self) -> list[int]:
        """The section's items as numbers; asserts that they have the smallest width for the largest number."""
        numbers = [int.from_bytes(item, "little") for item in self.items()]
        assert self.width == max(1, (max(numbers, default=0).bit_length() + 7) // 8)
        return numbers


@dataclass(frozen=True)
class Entry:
    """An entry of the field table."""

    type: int
    flags: int
    name_bytes: int
    values: int
    valid: int
    order: int
    offsets: int
    heap: int
    base: int


@dataclass(frozen=True)
class Field:
    """A value for each row: int, float, bool, or bytes for a text, JSON or a digest; None if missing.

    nulls: whether a missing value of the row is printed as null.
    """

    type: int
    nulls: list[bool]
    has_dictionary: bool
    values: list[Any]
    order: list[int]


class Index:
    """The content of an index."""

    def __init__(self, data: bytes) -> None:
        magic, version, checksum, size, head_bytes = struct.unpack_from("<8sIIQQ", data)
        self.rows, flags, field_count, section_count, mount_bytes = struct.unpack_from("<QIIII", data, 32)
        assert (magic, version, size) == (b"DCINDEX\n", 2, len(data))
        assert flags < 4
        self.mount_inside, self.plain = bool(flags & 1), bool(flags & 2)
        self.head, self.body = data[:head_bytes], data[head_bytes:]
        assert zlib.crc32(self.head[:12] + bytes(4) + self.head[16:]) == checksum
        self.sections = [self._section(FIXED_BYTES + SECTION_BYTES * number) for number in range(section_count)]
        place, entries = FIXED_BYTES + SECTION_BYTES * section_count, {}
        for _ in range(field_count):
            entry = Entry(*struct.unpack_from("<BBH5Iq", self.head, place))
            place += 32 + entry.name_bytes
            entries[self.head[place - entry.name_bytes : place].decode()] = entry
        assert len(entries) == field_count
        self.mount = self.head[place : place + mount_bytes]
        self.checksums = struct.unpack(f"<{-(-len(self.body) // CHECKED_BYTES)}I", self.head[place + mount_bytes :])
        self._check_body()
        self.names = self._names()
        self.fields = {name: self._field(entry) for name, entry in entries.items()}

    def _section(self, place: int) -> Section:
        offset, size, width, zero = struct.unpack_from("<QQII", self.head, place)
        assert offset % 8 == zero == 0
        assert offset + size <= len(self.body)
        return Section(offset, width, self.body[offset : offset + size])

    def _check_body(self) -> None:
        """Asserts that checksums are right and that sections are contiguous, each padded to a multiple of 8 bytes."""
        pieces = [self.body[start : start + CHECKED_BYTES] for start in range(0, len(self.body), CHECKED_BYTES)]
        assert tuple(map(zlib.crc32, pieces)) == self.checksums
        end = 0
        for section in sorted(self.sections, key=lambda section: (section.offset, len(section.data))):
            assert section.offset == end
            end += len(section.data) + -len(section.data) % 8
        assert end == len(self.body)

    def _names(self) -> list[bytes]:
        starts, stored = self.sections[0].numbers(), self.sections[1].data
        assert self.sections[1].width == 0
        names, place, found_starts = [b""], 0, []
        for row in range(self.rows):
            if row % BLOCK_ROWS == 0:
                found_starts.append(place)
            shared, place = self._length(place)
            rest, place = self._length(place)
            name = names[-1][:shared] + stored[place : place + rest]
            assert shared == (0 if row % BLOCK_ROWS == 0 else shared_bytes(names[-1], name))
            assert len(name) == shared + rest
            names.append(name)
            place += rest
        assert place == len(stored)
        assert starts == [*found_starts, place]
        return names[1:]

    def _length(self, place: int) -> tuple[int, int]:
        """The length that is stored at a position in the names, and the position after it."""
        stored = self.sections[1].data
        if stored[place] < 255:
            return stored[place], place + 1
        (length,) = struct.unpack_from("<I", stored, place + 1)
        assert length >= 255
        return length, place + 5

    def _field(self, entry: Entry) -> Field:
        assert entry.flags in {0, 1, 3}
        is_text = entry.type in {TEXT, JSON}
        stored, missing, decode = self._texts(entry) if is_text else self._fixed(entry)
        present = self._bits(entry.valid) if entry.valid else [True] * self.rows
        assert len(stored) == self.rows
        assert all(value == missing for value, is_present in zip(stored, present, strict=True) if not is_present)
        values = [decode(value) if is_present else None for value, is_present in zip(stored, present, strict=True)]
        order = self.sections[entry.order].numbers()
        nulls = self._bits(entry.order + 1) if entry.flags == 3 else [entry.flags == 1] * self.rows
        return Field(entry.type, nulls, is_text and entry.values != 0, values, order)

    def _bits(self, number: int) -> list[bool]:
        bits = self.sections[number].data
        assert len(bits) == (self.rows + 7) // 8
        return [bool(bits[row // 8] >> (row % 8) & 1) for row in range(self.rows)]

    def _fixed(self, entry: Entry) -> tuple[list[Any], Any, Callable[[Any], Any]]:
        """The stored item of each row, the item for a missing value, and the function that decodes an item."""
        assert entry.offsets == entry.heap == 0
        section = self.sections[entry.values]
        if entry.type == INTEGER:
            return section.numbers(), 0, lambda number: signed(entry.base + number)
        assert entry.base == 0
        if entry.type == FLOAT:
            assert section.width == 8
            return section.items(), bytes(8), lambda item: struct.unpack("<d", item)[0]
        if entry.type == BOOLEAN:
            assert section.width == 1 and set(section.data) <= {0, 1}
            return section.items(), b"\0", lambda item: item == b"\1"
        assert entry.type == DIGEST
        return section.items(), bytes(section.width), bytes

    def _texts(self, entry: Entry) -> tuple[list[Any], Any, Callable[[Any], Any]]:
        assert entry.base == 0
        offsets, heap = self.sections[entry.offsets].numbers(), self.sections[entry.heap]
        assert heap.width == 0 and offsets[-1] == len(heap.data)
        texts = [heap.data[start:end] for start, end in pairwise(offsets)]
        if entry.values == 0:
            return texts, b"", bytes
        assert texts == sorted(set(texts))
        return self.sections[entry.values].numbers(), 0, texts.__getitem__


def shared_bytes(one: bytes, other: bytes) -> int:
    """The length of the common prefix."""
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    return shared


def signed(number: int) -> int:
    """The number modulo 2**64 as a signed 64-bit integer."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)
