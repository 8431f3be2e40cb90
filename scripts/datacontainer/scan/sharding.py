"""Sharding: cuts a sorted list of files into shards, at borders that depend on the names and sizes near them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from datacontainer.scan.borders import strongest
from datacontainer.scan.rules import FIRST

# Docker allows 125 layers, including those of the entrypoint and its index.
MAX_SHARDS = 96
# The average shard has twice the minimum size. A dataset with more minimum sizes than this has too many shards.
MAX_MINIMUMS = 4 * MAX_SHARDS
# A file with this many times the minimum size is a separate shard.
LARGE_FACTOR = 8
# The weight of a shard of the minimum size. Weights are integers, so that their sums do not depend on the order.
MIN_WEIGHT = 1 << 40

Span = tuple[int, int]


@dataclass(frozen=True)
class Limits:
    """The minimum size of a shard: its files / `files` + its bytes / `size_bytes` is at least 1."""

    files: int
    size_bytes: int

    def doubled(self) -> "Limits":
        """The limits times two."""
        return Limits(2 * self.files, 2 * self.size_bytes)

    @property
    def large_bytes(self) -> int:
        """The size in bytes at which a file becomes a separate shard."""
        return LARGE_FACTOR * self.size_bytes

    def total(self, sizes: NDArray[np.int64]) -> float:
        """The number of minimum-size shards that files of these sizes fill; a large file fills at most LARGE_FACTOR."""
        return len(sizes) / self.files + float(np.minimum(sizes, self.large_bytes).sum(dtype=float)) / self.size_bytes

    def weights(self, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The weight of each file in a shard, which needs MIN_WEIGHT; a large file counts only as large_bytes."""
        by_bytes = np.minimum(sizes, self.large_bytes) * (MIN_WEIGHT / self.size_bytes)
        return MIN_WEIGHT // self.files + by_bytes.astype(np.int64)


# The minimum of the first rule.
MIN_SHARD = Limits(*FIRST)


def cut(sizes: NDArray[np.int64], chances: NDArray[np.uint64], minimum: Limits | None = None) -> list[Span]:
    """The shards of a sorted list of files: for each the index of the first file, and the index after the last file.

    There are at most MAX_SHARDS; a dataset without files has one empty shard. chances: a pseudorandom number for each
    path, which depends only on the path. minimum: None for shards of a similar size, as many as are worthwhile.
    """
    if minimum is None:
        return list(pairwise([0, *strongest(sizes, chances, MAX_SHARDS - 1), len(sizes)]))
    return _cut(sizes, chances, minimum_for(sizes, chances, minimum))


def minimum_for(sizes: NDArray[np.int64], chances: NDArray[np.uint64], minimum: Limits) -> Limits:
    """The minimum size, doubled until the dataset has at most MAX_SHARDS shards."""
    while minimum.total(sizes) > MAX_MINIMUMS or len(_cut(sizes, chances, minimum)) > MAX_SHARDS:
        minimum = minimum.doubled()
    return minimum


def _cut(sizes: NDArray[np.int64], chances: NDArray[np.uint64], minimum: Limits) -> list[Span]:
    """The shards for one minimum size.

    A shard begins at each file whose chance is the lowest within one minimum size before and after the file. Therefore
    two borders are at least one minimum size apart, and a change of a file can move only borders within one minimum
    size of that file: it can change its shard and the two neighbouring shards.
    """
    places = np.concatenate((np.zeros(1, np.int64), np.cumsum(minimum.weights(sizes))))
    spans: list[Span] = []
    first = 0
    for large in [*np.flatnonzero(sizes >= minimum.large_bytes).tolist(), len(sizes)]:
        borders = [first, *_borders(places[first : large + 1], chances[first:large], first), large]
        spans += pairwise(borders)
        spans.append((large, large + 1))
        first = large + 1
    return [(start, end) for start, end in spans[:-1] if start < end] or [(0, 0)]


def _borders(places: NDArray[np.int64], chances: NDArray[np.uint64], offset: int) -> Iterator[int]:
    """The indices at which shards begin, except the first, in a run of files without a large file.

    places: the sum of the weights before each file, and as last element the sum of all weights.
    """
    begin, end = int(places[0]), int(places[-1])
    for block in range(begin, end, MIN_WEIGHT):
        first, behind = places[:-1].searchsorted([block, block + MIN_WEIGHT]).tolist()
        if first == behind:
            continue
        # Borders are at least MIN_WEIGHT apart: only the file with the lowest chance of the block can be one.
        lowest = first + int(chances[first:behind].argmin())
        place = int(places[lowest])
        near = int(places.searchsorted(place - MIN_WEIGHT, "right"))
        window = chances[near : int(places.searchsorted(place + MIN_WEIGHT))]
        if begin + MIN_WEIGHT <= place <= end - MIN_WEIGHT and near + int(window.argmin()) == lowest:
            yield offset + lowest
