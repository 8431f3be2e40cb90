"""The division of a dataset into shards."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacontainer.scan.sharding import LARGE_FACTOR, MAX_SHARDS, MIN_SHARD, Limits, cut, minimum_for
from tools.examples import tried

# A file of a dataset: path, size in bytes, mtime.
File = tuple[bytes, int, int]

MIN_FILES, MIN_BYTES = MIN_SHARD.files, MIN_SHARD.size_bytes


def files_of(sizes: list[int]) -> list[File]:
    return [(b"%09d" % i, size, 0) for i, size in enumerate(sizes)]


def shards_of(files: list[File], minimum: Limits | None = MIN_SHARD, unit: int = 1) -> list[list[File]]:
    """The files of each shard. unit: the number of bytes for each byte of a size."""
    sizes, chances = columns(files)
    return [files[start:end] for start, end in cut(unit * sizes, chances, minimum)]


def columns(files: list[File]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The sizes of the files, and the hash of each path that decides where shards end."""
    chances = [int.from_bytes(hashlib.sha256(path).digest()[:8], "big") for path, _, _ in files]
    return np.array([size for _, size, _ in files], np.int64), np.array(chances, np.uint64)


@pytest.mark.parametrize(
    ("minimum", "sizes", "lengths"),
    [
        (MIN_SHARD, [10] * MIN_FILES, [MIN_FILES]),
        (MIN_SHARD, [], [0]),
        (MIN_SHARD, [1, LARGE_FACTOR * MIN_BYTES, 1, LARGE_FACTOR * MIN_BYTES], [1] * 4),
        (None, [], [0]),
        (None, [0], [1]),
        (None, [9, 8], [2]),
        (None, [1000] * 100, [100]),
        (None, [30 << 20] * 3, [1, 1, 1]),
        (None, [10**6] * 90, [1] * 90),
        (None, [100] * 50 + [60 << 20] + [100] * 50, [50, 1, 50]),
    ],
)
def test_cut_few_files_give_the_expected_shards(minimum, sizes, lengths):
    assert [len(shard) for shard in shards_of(files_of(sizes), minimum)] == lengths


# These limits give many shards for small trees.
SMALL = Limits(files=4, size_bytes=64)
_names = st.integers(0, 999).map(lambda i: b"%03d" % i)
_sizes = st.one_of(st.integers(0, 20), st.integers(0, SMALL.large_bytes * 3))
_edits = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _names, _sizes),
        st.tuples(st.sampled_from(["remove", "touch"]), st.integers(0), st.none()),
        st.tuples(st.just("rename"), st.integers(0), _names),
        st.tuples(st.just("resize"), st.integers(0), _sizes),
    ),
    max_size=12,
)


def edited(tree: Mapping[bytes, tuple[int, int]], edit: tuple, clock: int) -> dict[bytes, tuple[int, int]]:
    """The tree after an edit. `which` is a path for `put`, and otherwise a number that selects one of the files."""
    kind, which, what = edit
    after = dict(tree)
    if kind == "put":
        after[which] = (what, clock)
    elif after:
        path = sorted(after)[which % len(after)]
        size, time = after.pop(path)
        if kind == "touch":
            after[path] = (size, clock)
        elif kind == "resize":
            after[path] = (what, clock)
        elif kind == "rename":
            after[what] = (size, time)
    return after


def listing(tree: Mapping[bytes, tuple[int, int]]) -> list[File]:
    return [(path, size, time) for path, (size, time) in sorted(tree.items())]


def shards_near(found: list[list[File]], paths: set[bytes], distance: int) -> set[int]:
    """The numbers of the shards that contain the paths, or would contain them, and of the shards beside these."""
    lie_in = {max(0, sum(shard[0][0] <= path for shard in found if shard) - 1) for path in paths}
    return {number + step for number in lie_in for step in range(-distance, distance + 1)}


@pytest.mark.parametrize(("minimum", "unit", "distance"), [(SMALL, 1, 1), (None, 4096, 2)])
@tried(500)
@given(seed=st.integers(0, 99), start=st.integers(0, 400), edits=_edits)
def test_cut_after_any_edit_only_neighbouring_shards_differ(minimum, unit, distance, *, seed, start, edits):
    sizes = np.random.default_rng(seed).integers(0, 24, start)
    # Not all names are used, so that edits add files before, between and after the existing files.
    tree = {b"%03d" % (i * 5 % 1000): (int(size), 0) for i, size in enumerate(sizes)}
    before = shards_of(listing(tree), minimum, unit)
    for clock, edit in enumerate(edits, 1):
        changed = edited(tree, edit, clock)
        after = shards_of(listing(changed), minimum, unit)
        assert len(after) <= MAX_SHARDS
        assert [file for shard in after for file in shard] == listing(changed)
        paths = {path for path in {*tree, *changed} if tree.get(path) != changed.get(path)}
        if max(len(before), len(after)) < MAX_SHARDS if minimum is None else limits_of(tree) == limits_of(changed):
            assert {i for i, shard in enumerate(before) if shard not in after} <= shards_near(before, paths, distance)
            assert {i for i, shard in enumerate(after) if shard not in before} <= shards_near(after, paths, distance)
        if edit[0] == "touch":
            assert sum(shard not in before for shard in after) == bool(paths)
        tree, before = changed, after


def limits_of(tree: Mapping[bytes, tuple[int, int]]) -> Limits:
    return minimum_for(*columns(listing(tree)), SMALL)


# Sizes of files by kind of dataset, and by a generator of random numbers and the number of files.
KINDS = {
    "equal": lambda random, files: np.full(files, 2 ** random.uniform(10, 30)),
    "any": lambda random, files: 2 ** random.uniform(8, 34, files),
    "few heavy": lambda random, files: np.where(random.random(files) < 0.1, 2 ** random.uniform(20, 32, files), 500),
    "skewed": lambda random, files: 1000 * (1 + random.pareto(1, files)).clip(0, 1e9),
    "growing": lambda random, files: np.sort(2 ** random.uniform(8, 28, files)),
    "alternating": lambda random, files: np.where(np.arange(files) % random.integers(2, 99), 4096, 3e7),
}


@tried(400)
@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0), files=st.integers(1, 3000))
def test_cut_small_edit_of_any_dataset_changes_a_tenth_at_most(kind, seed, files):
    random = np.random.default_rng(seed)
    sizes, chances = KINDS[kind](random, files), random.integers(0, 2**64, files, dtype=np.uint64)
    sizes = (sizes * max(1, 64e6 / sizes.sum()) + 1).astype(np.int64)
    before = layers(sizes, chances)
    total = sum(before.values())
    assert total == sizes.sum() + 512 * files
    assert min(16, files) <= len(before) <= MAX_SHARDS
    for which in np.flatnonzero(sizes > total / 10).tolist():
        assert sizes[which : which + 1].tobytes() + chances[which : which + 1].tobytes() in before
    for which in random.choice(np.flatnonzero(sizes <= total / 10), 4).tolist() if (sizes <= total / 10).any() else ():
        # A file that is added with the lowest chance is always a border.
        added, chance = random.integers(sizes[which] + 1), random.choice(np.array([0, chances[which] + 1], np.uint64))
        resized = np.where(np.arange(files) == which, random.integers(sizes[which] + 1), sizes)
        for edited in (
            layers(np.delete(sizes, which), np.delete(chances, which)),
            layers(np.insert(sizes, which, added), np.insert(chances, which, chance)),
            layers(resized, chances),
        ):
            assert sum(edited[layer] for layer in edited.keys() - before.keys()) <= total / 10


def layers(sizes: NDArray[np.int64], chances: NDArray[np.uint64]) -> dict[bytes, int]:
    """The bytes of each layer, by the sizes and chances of its files, which are different for different files."""
    parts = [(sizes[start:end], chances[start:end]) for start, end in cut(sizes, chances)]
    return {part.tobytes() + near.tobytes(): int(part.sum()) + 512 * len(part) for part, near in parts}


@pytest.mark.parametrize("files", [100_000, 1_000_000])
def test_cut_many_equal_files_give_layers_of_a_hundredth(files):
    for seed in range(3):
        chances = np.random.default_rng(seed).integers(0, 2**64, files, dtype=np.uint64)
        lengths = [end - start for start, end in cut(np.full(files, 4096, np.int64), chances)]
        assert len(lengths) == MAX_SHARDS
        # The median over the files, of which each may be the one that changes.
        assert np.median(np.repeat(lengths, lengths)) <= 0.0135 * files
        assert max(lengths) <= 0.04 * files


@tried(300)
@given(
    large=st.lists(st.integers(0, 400 << 30), max_size=60),
    small=st.lists(st.integers(0, 1 << 20), max_size=60),
    huge=st.integers(0, 1 << 45),
    repeated=st.integers(1, 300),
    ordered=st.booleans(),
    minimum=st.sampled_from([MIN_SHARD, None]),
)
@example(large=[LARGE_FACTOR * MIN_BYTES] * 5, small=[1], huge=0, repeated=1, ordered=False, minimum=MIN_SHARD)
def test_cut_any_sizes_give_no_more_shards_than_docker_accepts(*, large, small, huge, repeated, ordered, minimum):
    sizes = [*large, *small * repeated, huge]
    sizes = sorted(sizes) if ordered else sizes
    files = files_of(sizes)
    found = shards_of(files, minimum)
    assert len(found) <= MAX_SHARDS < 99
    assert [file for shard in found for file in shard] == files


@pytest.mark.parametrize("files", [400, 4000])
def test_minimum_for_many_files_is_doubled_until_the_shards_fit(files):
    chances = np.random.default_rng(files).integers(0, 2**64, files, dtype=np.uint64)
    sizes = np.zeros(files, np.int64)
    found, half = minimum_for(sizes, chances, Limits(1, 1 << 20)), Limits(1, 1 << 20)
    while half.doubled() != found:
        half = half.doubled()
    assert MAX_SHARDS / 3 < len(cut(sizes, chances, found)) <= MAX_SHARDS < files / half.files / 1.5
