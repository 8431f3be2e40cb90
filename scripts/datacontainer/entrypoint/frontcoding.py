"""Front coding: each sorted name is stored as the length of the prefix shared with the previous name, and the rest."""

import numpy as np

BLOCK_ROWS = 16
# A length from here on is stored as this byte and four more bytes.
LONG = 255


def front_coded(offsets: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the names as stored (uint8), and the offset in that of each block of 16 names (int64).

    offsets: int64, of each name in `data` (uint8), and the end of the last name. The first name begins a block.
    Takes about 30 times the memory of the names: call it with some thousands of names at a time.
    """
    lengths = np.diff(offsets)
    shared = _shared_lengths(offsets[:-1], lengths, data)
    rests = lengths - shared
    shared_bytes, rest_bytes = (np.where(numbers < LONG, 1, 5) for numbers in (shared, rests))
    ends = np.cumsum(shared_bytes + rest_bytes + rests)
    starts = np.concatenate([[0], ends])[: len(lengths)]
    stored = np.empty(ends[-1] if len(ends) else 0, np.uint8)
    is_rest = np.ones(len(stored), bool)
    _put_lengths(shared, starts, stored, is_rest)
    _put_lengths(rests, starts + shared_bytes, stored, is_rest)
    stored[is_rest] = data[np.arange(len(data)) >= np.repeat(offsets[:-1] + shared, lengths)]
    return stored, starts[::BLOCK_ROWS]


def _shared_lengths(starts: np.ndarray, lengths: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Returns the length of the prefix that each name shares with the previous name; 0 for the first of a block."""
    previous = np.concatenate([[0], lengths])[: len(lengths)]
    previous[::BLOCK_ROWS] = 0
    # The names are contiguous: subtracting the previous name's length gives the same position in the previous name.
    before = data[np.arange(len(data)) - np.repeat(previous, lengths)]
    differing = np.append(np.flatnonzero(data != before), len(data))
    first = differing[np.searchsorted(differing, starts)]
    shared: np.ndarray = np.minimum(first - starts, np.minimum(lengths, previous))
    return shared


def _put_lengths(numbers: np.ndarray, places: np.ndarray, stored: np.ndarray, is_rest: np.ndarray) -> None:
    """Writes each number at its place in `stored`, and clears `is_rest` for its bytes."""
    stored[places] = np.minimum(numbers, LONG)
    is_rest[places] = False
    long = numbers >= LONG
    next_bytes = places[long, np.newaxis] + np.arange(1, 5)
    stored[next_bytes] = numbers[long].astype("<u4").view(np.uint8).reshape(-1, 4)
    is_rest[next_bytes] = False
