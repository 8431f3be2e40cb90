"""The division of a dataset into shards."""

import hashlib
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from datacontainer.scan.sharding import LARGE_FACTOR, MAX_SHARDS, MIN_SHARD, MIN_WEIGHT, Limits, cut, minimum_for
from tools.examples import tried

# A file of a dataset: path, size in bytes, mtime.
File = tuple[bytes, int, int]

MIN_FILES, MIN_BYTES = MIN_SHARD.files, MIN_SHARD.size_bytes


def files_of(sizes: list[int]) -> list[File]:
    return [(b"%09d" % i, size, 0) for i, size in enumerate(sizes)]


def shards_of(files: list[File], minimum: Limits = MIN_SHARD) -> list[list[File]]:
    """The files of each shard."""
    return [files[start:end] for start, end in cut(*columns(files), minimum)]


def columns(files: list[File]) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The sizes of the files, and the hash of each path that decides where shards end."""
    chances = [int.from_bytes(hashlib.sha256(path).digest()[:8], "big") for path, _, _ in files]
    return np.array([size for _, size, _ in files], np.int64), np.array(chances, np.uint64)


def test_cut_few_small_files_make_one_shard():
    assert [len(shard) for shard in shards_of(files_of([10] * MIN_FILES))] == [MIN_FILES]


def test_cut_no_files_make_one_empty_shard():
    assert shards_of([]) == [[]]


@pytest.mark.parametrize(
    "sizes", [[1, LARGE_FACTOR * MIN_BYTES, 1], [LARGE_FACTOR * MIN_BYTES] * 2, [LARGE_FACTOR * MIN_BYTES, 1]]
)
def test_cut_large_file_has_its_own_shard(sizes):
    assert [[size for _, size, _ in shard] for shard in shards_of(files_of(sizes))] == [[size] for size in sizes]


def test_cut_shards_contain_all_files_in_order():
    files = files_of([i % 7 for i in range(20 * MIN_FILES)])
    found = shards_of(files)
    assert len(found) > 3
    assert [file for shard in found for file in shard] == files
    assert all(len(shard) >= MIN_FILES for shard in found)


def test_cut_files_with_many_bytes_are_cut_by_size():
    found = shards_of(files_of([MIN_BYTES // 16] * 640))
    assert 10 < len(found) <= 40
    assert all(len(shard) >= 16 for shard in found)


def test_cut_added_file_changes_one_shard():
    files = files_of([5] * (20 * MIN_FILES))
    before = shards_of(files)
    files.insert(10 * MIN_FILES, (b"%09d+" % (10 * MIN_FILES - 1), 5, 0))
    assert sum(shard not in before for shard in shards_of(files)) == 1


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


def shards_near(found: list[list[File]], paths: set[bytes]) -> set[int]:
    """The numbers of the shards that contain the paths, or would contain them, and of their neighbours."""
    lie_in = {max(0, sum(shard[0][0] <= path for shard in found if shard) - 1) for path in paths}
    return {number + distance for number in lie_in for distance in (-1, 0, 1)}


@tried(500)
@given(seed=st.integers(0, 99), start=st.integers(0, 400), edits=_edits)
def test_cut_after_any_edit_only_neighbouring_shards_differ(seed, start, edits):
    sizes = np.random.default_rng(seed).integers(0, 24, start)
    # Not all names are used, so that edits add files before, between and after the existing files.
    tree = {b"%03d" % (i * 5 % 1000): (int(size), 0) for i, size in enumerate(sizes)}
    before = shards_of(listing(tree), SMALL)
    for clock, edit in enumerate(edits, 1):
        changed = edited(tree, edit, clock)
        after = shards_of(listing(changed), SMALL)
        assert len(after) <= MAX_SHARDS
        assert [file for shard in after for file in shard] == listing(changed)
        paths = {path for path in {*tree, *changed} if tree.get(path) != changed.get(path)}
        if limits_of(tree) == limits_of(changed):
            assert {i for i, shard in enumerate(before) if shard not in after} <= shards_near(before, paths)
            assert {i for i, shard in enumerate(after) if shard not in before} <= shards_near(after, paths)
        if edit[0] == "touch":
            assert sum(shard not in before for shard in after) == bool(paths)
        tree, before = changed, after


def limits_of(tree: Mapping[bytes, tuple[int, int]]) -> Limits:
    return minimum_for(*columns(listing(tree)), SMALL)


@tried(300)
@given(
    large=st.lists(st.integers(0, 400 << 30), max_size=60),
    small=st.lists(st.integers(0, 1 << 20), max_size=60),
    huge=st.integers(0, 1 << 45),
    repeated=st.integers(1, 300),
    ordered=st.booleans(),
)
@example(large=[LARGE_FACTOR * MIN_BYTES] * 5, small=[1], huge=0, repeated=1, ordered=False)
def test_cut_any_sizes_give_no_more_shards_than_docker_accepts(large, small, huge, repeated, ordered):
    sizes = [*large, *small * repeated, huge]
    sizes = sorted(sizes) if ordered else sizes
    files = files_of(sizes)
    found = shards_of(files)
    assert len(found) <= MAX_SHARDS < 99
    assert [file for shard in found for file in shard] == files


def test_minimum_for_few_files_is_the_default():
    sizes, chances = np.zeros(150 * MIN_FILES, np.int64), np.arange(150 * MIN_FILES, dtype=np.uint64)
    assert minimum_for(sizes, chances, MIN_SHARD) == MIN_SHARD


@pytest.mark.parametrize("files", [400, 4000])
def test_minimum_for_many_files_is_doubled_until_the_shards_fit(files):
    chances = np.random.default_rng(files).integers(0, 2**64, files, dtype=np.uint64)
    sizes = np.zeros(files, np.int64)
    found, half = minimum_for(sizes, chances, Limits(1, 1 << 20)), Limits(1, 1 << 20)
    while half.doubled() != found:
        half = half.doubled()
    assert MAX_SHARDS / 3 < len(cut(sizes, chances, found)) <= MAX_SHARDS < files / half.files / 1.5


def test_minimum_for_one_huge_file_is_the_default():
    sizes = np.array([1] * 10 * MIN_FILES + [1 << 50], np.int64)
    chances = np.random.default_rng(1).integers(0, 2**64, len(sizes), dtype=np.uint64)
    assert minimum_for(sizes, chances, MIN_SHARD) == MIN_SHARD


def test_weights_full_shard_has_the_minimum_weight():
    limits = MIN_SHARD
    assert limits.weights(np.array([0], np.int64)).tolist() == [MIN_WEIGHT // MIN_FILES]
    assert limits.weights(np.array([MIN_BYTES, 1 << 62], np.int64)).tolist() == [
        MIN_WEIGHT + MIN_WEIGHT // MIN_FILES,
        LARGE_FACTOR * MIN_WEIGHT + MIN_WEIGHT // MIN_FILES,
    ]


def test_cut_average_shard_is_twice_the_minimum():
    minimum = Limits(64, MIN_BYTES)
    sizes, random = np.zeros(40 * 64, np.int64), np.random.default_rng(1)
    lengths = [
        end - start
        for _ in range(50)
        for start, end in cut(sizes, random.integers(0, 2**64, len(sizes), dtype=np.uint64), minimum)
    ]
    assert min(lengths) >= 64
    assert 1.9 < np.mean(lengths) / 64 < 2.1
    assert max(lengths) < LARGE_FACTOR * 64
