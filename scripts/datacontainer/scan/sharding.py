"""The cutting of a sorted list of files into shards, at places that depend on the names near them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

# Docker takes 125 layers, and the entrypoint and its index are among them.
MOST_SHARDS = 96
# A shard is twice the least on average: there is no need to try what certainly, or nearly so, gives too many.
MOST_LEAST_SHARDS = 4 * MOST_SHARDS
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

    def doubled(self) -> "Limits":
        """Twice these limits."""
        return Limits(2 * self.files, 2 * self.size_bytes)

    @property
    def large_bytes(self) -> int:
        """The size from which on a file is a shard of its own."""
        return LARGE * self.size_bytes

    def total(self, sizes: NDArray[np.int64]) -> float:
        """How many of the least shards files of these sizes are; a large file no more than LARGE."""
        return len(sizes) / self.files + float(np.minimum(sizes, self.large_bytes).sum(dtype=float)) / self.size_bytes

    def weights(self, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """What each file adds to a shard, which is full at LEAST; of a large file no more than where it begins."""
        by_bytes = np.minimum(sizes, self.large_bytes) * (LEAST / self.size_bytes)
        return LEAST // self.files + by_bytes.astype(np.int64)


# A shard is a job and a layer: below this it is not worth the start of one.
LEAST_SHARD = Limits(2048, 256 << 20)


def cut(sizes: NDArray[np.int64], chances: NDArray[np.uint64], least: Limits = LEAST_SHARD) -> list[Span]:
    """The shards of a sorted list of files, as the numbers of their first file and of the one behind their last.

    There is at least one, if empty, and at most MOST_SHARDS. chances: a random number that each path alone decides.
    """
    return _cut(sizes, chances, least_for(sizes, chances, least))


def least_for(sizes: NDArray[np.int64], chances: NDArray[np.uint64], least: Limits) -> Limits:
    """The least shard, doubled until the dataset has no more than MOST_SHARDS."""
    while least.total(sizes) > MOST_LEAST_SHARDS or len(_cut(sizes, chances, least)) > MOST_SHARDS:
        least = least.doubled()
    return least


def _cut(sizes: NDArray[np.int64], chances: NDArray[np.uint64], least: Limits) -> list[Span]:
    """The shards for one size of the least.

    A shard begins before the file whose chance is the lowest of all within one least shard before it and behind it. So
    two beginnings are at least that far apart, and an edit moves only those that are nearer to it: the shard that it is
    in can change, and the one on either side.
    """
    places = np.concatenate((np.zeros(1, np.int64), np.cumsum(least.weights(sizes))))
    spans: list[Span] = []
    first = 0
    for large in [*np.flatnonzero(sizes >= least.large_bytes).tolist(), len(sizes)]:
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
