"""The memory and time that jobs request from a cluster."""

from pathlib import Path

import pytest

from datacontainer.runtime.resources import (
    REQUIREMENTS,
    SNAKEMAKE_MB,
    START_MINUTES,
    Size,
    divide,
    memory_mb,
    runtime_minutes,
    size_of,
)

SMALL, LARGE = Size(2, 17), Size(1_000_000, 10**12)


@pytest.mark.parametrize("stage", REQUIREMENTS)
def test_memory_mb_each_attempt_is_doubled_and_includes_snakemake(stage):
    asked = [memory_mb(stage, LARGE, attempt) for attempt in (1, 2, 3)]
    assert asked == [asked[0], 2 * asked[0], 4 * asked[0]]
    assert memory_mb(stage, SMALL, 1) >= SNAKEMAKE_MB + 150


@pytest.mark.parametrize(("stage", "measured_mb"), [("aggregate", 333), ("render", 405)])
def test_memory_mb_million_files_is_half_above_the_measured(stage, measured_mb):
    assert memory_mb(stage, LARGE, 1) - SNAKEMAKE_MB >= 1.5 * measured_mb


def test_memory_mb_large_shard_is_half_above_the_measured():
    assert memory_mb("hash", Size(125_000, 0), 1) - SNAKEMAKE_MB >= 1.5 * 272


@pytest.mark.parametrize("stage", ["hash", "archive", "convert", "verify"])
def test_runtime_minutes_large_data_includes_the_time_to_read(stage):
    assert runtime_minutes(stage, SMALL, 1) == START_MINUTES + 1
    assert runtime_minutes(stage, SMALL, 2) == 2 * (START_MINUTES + 1)
    # A terabyte at 50 MB/s.
    assert runtime_minutes(stage, LARGE, 1) >= 10**6 / 50 / 60


def test_size_of_shard_batch_and_dataset_come_from_the_table(tmp_path: Path):
    table = tmp_path / "shards.tsv"
    assert size_of(table, None) == Size(0, 0)
    table.write_text("aa\t10\t100\tbatch-0\nbb\t20\t300\tbatch-1\n")
    assert size_of(table, ["bb"]) == size_of(table, ["batch-1"]) == Size(20, 300)
    assert size_of(table, None) == Size(30, 400)
    assert size_of(table, ["cc"]) == Size(0, 0)


@pytest.mark.parametrize(
    ("shards", "batches", "expected"),
    [
        ([SMALL], 0, [0]),
        ([SMALL] * 90, 0, [0] * 90),
        ([SMALL] * 4, 2, [0, 0, 1, 1]),
        ([SMALL] * 2, 16, [0, 1]),
        ([Size(0, 0)], 1, [0]),
        # 30 GB take 10 minutes at 50 MB/s; a larger shard is a batch of its own.
        ([Size(1, 10**10)] * 6, 0, [0, 0, 0, 1, 1, 1]),
        ([SMALL, Size(1, 10**13), SMALL], 0, [0, 1, 2]),
    ],
)
def test_divide_shards_into_batches_of_the_same_work(shards, batches, expected):
    assert divide(shards, batches) == expected
