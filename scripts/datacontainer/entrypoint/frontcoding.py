"""Front coding: sorted names, each stored as what it has in common with the one before it, and its rest."""

import numpy as np

BLOCK_ROWS = 16
# A length from here on takes this byte and four more.
LONG = 255


def front_coded(offsets: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The names as stored (uint8), and where in that each block of 16 names begins (int64).

    offsets: int64, one for each name and one more, of the names in `data` (uint8). The first name begins a block.
    Takes about 30 times the memory of the names: meant for some thousands of them at a time.
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
    """How many bytes each name begins with that the one before it begins with too; 0 for a block's first."""
    previous = np.concatenate([[0], lengths])[: len(lengths)]
    previous[::BLOCK_ROWS] = 0
    # The names lie one behind the other: the byte at the same place of the name before is that name's length away.
    before = data[np.arange(len(data)) - np.repeat(previous, lengths)]
    differing = np.append(np.flatnonzero(data != before), len(data))
    first = differing[np.searchsorted(differing, starts)]
    shared: np.ndarray = np.minimum(first - starts, np.minimum(lengths, previous))
    return shared


def _put_lengths(numbers: np.ndarray, places: np.ndarray, stored: np.ndarray, is_rest: np.ndarray) -> None:
    """Stores each number at its place, and marks the bytes it takes as no rest of a name."""
    stored[places] = np.minimum(numbers, LONG)
    is_rest[places] = False
    long = numbers >= LONG
    behind = places[long, np.newaxis] + np.arange(1, 5)
    stored[behind] = numbers[long].astype("<u4").view(np.uint8).reshape(-1, 4)
    is_rest[behind] = False
