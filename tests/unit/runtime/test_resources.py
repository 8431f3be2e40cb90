"""The memory and time that jobs request from a cluster."""

from pathlib import Path

import pytest

from datacontainer.runtime.resources import (
    REQUIREMENTS,
    SNAKEMAKE_MB,
    START_MINUTES,
    UNKNOWN_FILES,
    Size,
    count_files,
    cut,
    divide,
    memory_mb,
    runtime_minutes,
    size_of,
)

# The peak of the resident memory of all processes of a stage, without Snakemake's, with 100,000 and 1,000,000 small
# files; for hash, with a batch of them.
MEASURED_MB = {
    "scan": (62, 103),
    "hash": (66, 80),
    "aggregate": (169, 245),
    "render": (163, 325),
    "compile": (44, 44),
    "archive": (23, 23),
    "convert": (44, 224),
    "verify": (221, 361),
    "report": (178, 273),
}
SMALL, LARGE = Size(2, 17), Size(1_000_000, 10**12)


@pytest.mark.parametrize("stage", REQUIREMENTS)
def test_memory_mb_each_attempt_is_doubled_and_includes_snakemake(stage):
    asked = [memory_mb(stage, LARGE, attempt) for attempt in (1, 2, 3)]
    assert asked == [asked[0], 2 * asked[0], 4 * asked[0]]
    assert memory_mb(stage, SMALL, 1) >= SNAKEMAKE_MB + 150


@pytest.mark.parametrize("stage", MEASURED_MB)
def test_memory_mb_request_is_half_above_the_measured_with_snakemake(stage):
    for files, stage_mb in zip((100_000, 1_000_000), MEASURED_MB[stage], strict=True):
        assert memory_mb(stage, Size(files, 0), 1) >= 1.5 * (stage_mb + SNAKEMAKE_MB)


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


def test_count_files_counts_entries_and_requests_hours_without_an_answer(tmp_path: Path):
    for name in ("a/b/1", "a/2", "3"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a/loop").symlink_to(tmp_path)
    assert count_files(str(tmp_path), 5.0) == 6
    assert count_files(str(tmp_path / "missing"), 5.0) == UNKNOWN_FILES
    for number in range(1000):
        (tmp_path / f"more-{number}").touch()
    assert count_files(str(tmp_path), 0.0) == UNKNOWN_FILES
    assert runtime_minutes("scan", Size(UNKNOWN_FILES, 0), 1) > 2 * 60


def test_cut_request_names_rule_dataset_and_key():
    assert cut("convert big", 3377, 1440, "minutes", "max_runtime") == (
        "note: convert big asks for 1,440 instead of 3,377 minutes, because of max_runtime: if that is too little for "
        "the job, raise max_runtime below `resources` in the profile, or with --resources max_runtime=3377"
    )
