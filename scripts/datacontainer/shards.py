"""The cutting of a sorted list of files into shards, at places that depend on the names near them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# Docker takes 125 layers, and the entrypoint is one of them. A shard reaches the least number of files, of bytes, or a
# part of each, so with these shares of the whole there are at most 40 + 40 shards: a file that is one of its own takes
# LARGE shares of the bytes, for itself and two unfinished shards beside it.
SHARES = 40
# A file this many times the least shard is a shard of its own.
LARGE = 8
# The weight of the least shard. Weights are whole numbers, so that their sums depend on no order.
LEAST = 1 << 40

Span = tuple[int, int]


@dataclass(frozen=True)
class Limits:
    """The least size of a shard."""

    files: int
    size_bytes: int

    def doubled_for(self, files: int, size_bytes: int) -> "Limits":
        """These limits or, for a dataset of very many files or bytes, as often doubled as it takes."""
        return Limits(_doubled(self.files, files), _doubled(self.size_bytes, size_bytes))

    @property
    def large_bytes(self) -> int:
        """The size from which on a file is a shard of its own."""
        return LARGE * self.size_bytes

    def weights(self, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """What each file adds to a shard, which is full at LEAST; of a large file no more than where it begins."""
        by_bytes = np.minimum(sizes, self.large_bytes) * (LEAST / self.size_bytes)
        return LEAST // self.files + by_bytes.astype(np.int64)


# A shard is a job and a layer: below this it is not worth the start of one.
LEAST_SHARD = Limits(2048, 256 << 20)


def cut(sizes: NDArray[np.int64], chances: NDArray[np.uint64], least: Limits = LEAST_SHARD) -> list[Span]:
    """The shards of a sorted list of files, as the numbers of their first file and of the one behind their last.

    There is at least one, if empty, and at most 80. chances: a random number that each file's path alone decides.
    least: the least shard of a dataset that is not too large for it.

    A shard begins before the file whose chance is the lowest of all within one least shard before it and behind it. So
    two beginnings are at least that far apart, and an edit moves only those that are nearer to it: the shard that it is
    in can change, and the one on either side.
    """
    limits = least.doubled_for(len(sizes), int(sizes.sum()))
    places = np.concatenate((np.zeros(1, np.int64), np.cumsum(limits.weights(sizes))))
    spans: list[Span] = []
    first = 0
    for large in [*np.flatnonzero(sizes >= limits.large_bytes).tolist(), len(sizes)]:
        borders = [first, *_borders(places[first : large + 1], chances[first:large], first), large]
        spans += pairwise(borders)
        spans.append((large, large + 1))
        first = large + 1
    return [(start, end) for start, end in spans[:-1] if start < end] or [(0, 0)]


def _borders(places: NDArray[np.int64], chances: NDArray[np.uint64], offset: int) -> Iterator[int]:
    """Where shards begin among files without a large one, but for the first.

    places: where each file begins and, as the last, where all end.
    """
    begin, end = int(places[0]), int(places[-1])
    for block in range(begin, end, LEAST):
        first, behind = places[:-1].searchsorted([block, block + LEAST]).tolist()
        if first == behind:
            continue
        # Only the lowest of a block this long can be the lowest of all that are as near.
        lowest = first + int(chances[first:behind].argmin())
        place = int(places[lowest])
        near = int(places.searchsorted(place - LEAST, "right"))
        window = chances[near : int(places.searchsorted(place + LEAST))]
        if begin + LEAST <= place <= end - LEAST and near + int(window.argmin()) == lowest:
            yield offset + lowest


def _doubled(least: int, total: int) -> int:
    while least * SHARES < total:
        least *= 2
    return least
