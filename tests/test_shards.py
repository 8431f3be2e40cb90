"""The cutting of a dataset into shards."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.shardlist import FILE, Record, read_records
from datacontainer.shards import LARGE, MIN_BYTES, MIN_FILES, SHARES, Limits, cut


def records(sizes: list[int]) -> list[Record]:
    return [Record(b"%09d" % i, FILE, 0o644, size, 0, 0, 0, b"") for i, size in enumerate(sizes)]


def shards_of(sizes: list[int], folder: Path) -> list[list[Record]]:
    folder.mkdir(exist_ok=True)
    return [list(read_records(folder / f"{shard.name}.list")) for shard in cut(records(sizes), io.BytesIO(), folder)]


def test_cut_few_small_files_make_one_shard(tmp_path):
    assert [len(shard) for shard in shards_of([10] * MIN_FILES, tmp_path)] == [MIN_FILES]


def test_cut_no_files_make_one_empty_shard(tmp_path):
    assert shards_of([], tmp_path) == [[]]


def test_cut_large_file_is_a_shard_of_its_own(tmp_path):
    cut_sizes = [[record.size for record in shard] for shard in shards_of([1, LARGE * MIN_BYTES, 1], tmp_path)]
    assert cut_sizes == [[1], [LARGE * MIN_BYTES], [1]]


def test_cut_shards_together_are_the_records_in_order(tmp_path):
    sizes = [i % 7 for i in range(20 * MIN_FILES)]
    cut_shards = shards_of(sizes, tmp_path)
    assert len(cut_shards) > 3
    assert [record for shard in cut_shards for record in shard] == records(sizes)
    assert all(len(shard) >= MIN_FILES for shard in cut_shards[:-1])


def test_cut_added_file_leaves_most_shards_as_they_are(tmp_path):
    sizes = [5] * (20 * MIN_FILES)
    all_records = records(sizes)
    before = {shard.name for shard in cut(all_records, io.BytesIO(), tmp_path)}
    all_records.insert(10 * MIN_FILES, Record(b"%09d+" % (10 * MIN_FILES - 1), FILE, 0o644, 5, 0, 0, 0, b""))
    after = {shard.name for shard in cut(all_records, io.BytesIO(), tmp_path)}
    assert len(after - before) <= 2


@given(
    large=st.lists(st.integers(0, 400 << 30), max_size=60),
    small=st.integers(0, 300_000),
    huge=st.integers(0, 1 << 45),
)
@pytest.mark.parametrize("ordered", [True, False])
def test_limits_never_give_more_than_100_layers(large, small, huge, ordered):
    sizes = sorted([*large, huge], reverse=ordered)
    limits = Limits.of(len(sizes) + small, sum(sizes) + small)
    assert most_shards(sizes, small, limits) <= 99


def most_shards(sizes: list[int], small: int, limits: Limits) -> int:
    """The most shards that the rules allow: every shard cut as soon as it may be."""
    own = sum(size >= LARGE * limits.size_bytes for size in sizes)
    by_bytes = sum(size for size in sizes if size < LARGE * limits.size_bytes) / limits.size_bytes
    return int(by_bytes + (len(sizes) + small) / limits.files) + 2 * own + 1


def test_limits_grow_by_doubling_with_the_dataset():
    assert Limits.of(MIN_FILES * SHARES, 0) == Limits(MIN_FILES, MIN_BYTES)
    assert Limits.of(MIN_FILES * SHARES + 1, MIN_BYTES * SHARES + 1) == Limits(2 * MIN_FILES, 2 * MIN_BYTES)
