"""Bounds: what files may contain in any amount, as values of a size that a catalog can store."""

import gzip
import json
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


def read_start(path: str, size: int) -> tuple[bytes, bool]:
    """The first bytes of a file, or of the content of a .gz file, and whether there are more."""
    with gzip.open(path, "rb") if path.lower().endswith(".gz") else open(path, "rb") as file:
        return file.read(size), bool(file.read(1))


def read_json(path: str) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        ValueError: if there is none, or if it is larger than MOST_TEXT_BYTES.
    """
    found = json.loads(read_start(path, MOST_TEXT_BYTES)[0])
    if not isinstance(found, dict):
        raise ValueError("the content is no JSON object")
    return found
