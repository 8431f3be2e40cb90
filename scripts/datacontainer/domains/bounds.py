"""Bounds: what files may contain in any amount, as values of a size that a catalog can store."""

import gzip
import io
import math
from itertools import islice
from typing import Any

MOST_CHARACTERS, MOST_ITEMS, MOST_DEPTH, MOST_INT = 1000, 100, 4, 2**63
# Larger texts are not read to their end: the fields of the domain then have `partial`.
MOST_TEXT_BYTES = 64 << 20


class Many(list[Any]):
    """A list of which all items are stored, as its maker bounds their number."""


def plain(value: Any, depth: int = MOST_DEPTH) -> Any:
    """The value as JSON of limited size: long texts and lists are cut, bytes decoded, NaN and objects become texts."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, dict) and depth:
        return {text(key): plain(one, depth - 1) for key, one in islice(value.items(), MOST_ITEMS)}
    if isinstance(value, (list, tuple)) and depth:
        return [plain(one, depth - 1) for one in (value if isinstance(value, Many) else value[:MOST_ITEMS])]
    if getattr(value, "ndim", 0) and depth:
        return [plain(one, depth - 1) for one in islice(value.flat, MOST_ITEMS)]
    if hasattr(value, "item") and not getattr(value, "ndim", 0):
        value = value.item()
    if isinstance(value, int):
        return int(value) if -MOST_INT <= value < MOST_INT else f"an int of {value.bit_length()} bits"
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    return text(value)


def text(value: Any) -> str:
    """The beginning of a text, without NUL and spaces at its end, and without surrogates."""
    if isinstance(value, bytes):
        value = value[: 4 * MOST_CHARACTERS].decode("utf-8", "backslashreplace")
    short = str(value)[: MOST_CHARACTERS + 1].rstrip("\0 ")
    short = short if len(short) <= MOST_CHARACTERS else short[: MOST_CHARACTERS - 1] + "…"
    return short.encode("utf-8", "backslashreplace").decode()


def read_start(path: str, size: int) -> bytes:
    """The first bytes of a file, or of the content of a .gz file."""
    with open_binary(path) as file:
        start: bytes = file.read(size)
        return start


def open_binary(path: str) -> Any:
    """The file, or the content of a .gz file."""
    return gzip.open(path, "rb") if path.lower().endswith(".gz") else open(path, "rb")


class Bounded(io.RawIOBase):
    """The first MOST_TEXT_BYTES of a file, or of the content of a .gz file. partial: whether there is more."""

    def __init__(self, path: str) -> None:
        """Opens the file."""
        self._file, self._left, self.partial = open_binary(path), MOST_TEXT_BYTES, False

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See io.RawIOBase."""
        block = self._file.read(min(len(buffer), self._left))
        if not self._left:
            self.partial = bool(self._file.read(1))
        self._left -= len(block)
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()
        super().close()

    def lines(self) -> io.TextIOWrapper:
        """The text, of which each byte is a character."""
        return io.TextIOWrapper(io.BufferedReader(self, 1 << 20), "latin-1")
