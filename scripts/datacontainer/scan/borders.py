"""Borders: the places at which a sorted list of files is cut into layers of a similar size."""

import heapq

import numpy as np
from numpy.typing import NDArray

# A border of less strength, in bytes, is not worth a layer.
MIN_STRENGTH = 256 << 10
# A dataset of this size in bytes has at least so many layers, or one for each file.
MANY_BYTES, MANY_SHARDS = 64 * 10**6, 16
# The largest weight, so that a sum of weights is a 64-bit number; an ext4 file has at most 16 TiB.
MAX_WEIGHT = 1 << 48

Strengths = dict[int, int]


def strongest(sizes: NDArray[np.int64], chances: NDArray[np.uint64], most: int) -> list[int]:
    """The indices of the files that begin a shard, except the first file: the strongest places, at most `most`, sorted.

    A file's weight is its number of bytes in a layer. A place is better than another if its chance, divided by the
    weight of the two files beside it, is lower. Its strength is the weight between it and the next better place or end
    of the list, on the nearer side, or half of a file beside it, if that is more: so heavy files are separate.
    """
    if len(sizes) < 2:
        return []
    weights = np.minimum(sizes, MAX_WEIGHT)
    weights += 1023
    weights &= ~np.int64(511)
    found = _by_weight(weights, chances, most)
    ranks = chances[1:] / (weights[1:] + weights[:-1])
    places = np.cumsum(weights, out=weights)
    for index, strength in _by_chance(ranks, places, most).items():
        found[index] = max(strength, found.get(index, 0))
    order = sorted(found, key=lambda index: (-found[index], chances[index]))
    worthwhile = sum(strength >= MIN_STRENGTH for strength in found.values())
    least = MANY_SHARDS - 1 if places[-1] >= MANY_BYTES else 0
    return sorted(order[: min(most, max(worthwhile, least))])


def _by_weight(weights: NDArray[np.int64], chances: NDArray[np.uint64], most: int) -> Strengths:
    """The strongest places beside heavy files. Their strength is half to all of the weight, as chance decides."""
    strengths = chances[1:] / -(2.0**65)
    strengths += 1
    strengths *= np.maximum(weights[1:], weights[:-1])
    chosen = np.argpartition(strengths, -min(most, len(strengths)))[-most:]
    return {index + 1: int(strengths[index]) for index in chosen.tolist()}


def _by_chance(ranks: NDArray[np.float64], places: NDArray[np.int64], most: int) -> Strengths:
    """The strongest places between better places; all others are weaker.

    ranks: of the place before each file except the first; the lowest is the best. places: the sum of the weights up to
    the end of each file. The best place of a range divides it into two ranges; the heaviest range is divided next.
    """
    found: Strengths = {}
    top: list[int] = []
    ranges = [(-int(places[-1]), 0, len(ranks), 0)]
    while ranges:
        weight, first, end, begin = heapq.heappop(ranges)
        if len(top) == most and -weight // 2 < top[0]:
            break
        if first < end:
            best = first + int(ranks[first:end].argmin())
            middle = int(places[best])
            before, after = middle - begin, -weight - (middle - begin)
            found[best + 1] = min(before, after)
            heapq.heappush(top, found[best + 1])
            if len(top) > most:
                heapq.heappop(top)
            heapq.heappush(ranges, (-before, first, best, begin))
            heapq.heappush(ranges, (-after, best + 1, end, middle))
    return found
