"""The memory and time that a job requests from a cluster, by the size of its data and the number of the attempt."""

import math
import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

# Measured: a job of Slurm starts two processes of Snakemake, one after the other, before the stage starts.
SNAKEMAKE_MB = 360
START_MINUTES = 10
# The files of a dataset of unknown size: its first scan requests hours.
UNKNOWN_FILES = 10_000_000
# The work of a batch on a cluster: a job waits in the queue and starts Python for about a minute.
BATCH_MINUTES = 10
# One core hashes a shard below these limits in the time in which a job starts.
SMALL_FILES, SMALL_BYTES = 50_000, 256 << 20


@dataclass(frozen=True)
class Size:
    """The number of files and bytes that a job handles."""

    files: int
    size_bytes: int

    def threads(self) -> int:
        """Number of cores to use: one if the work takes less than a second, the time in which another job starts."""
        return 1 if self.size_bytes < SMALL_BYTES and self.files < SMALL_FILES else 2


@dataclass(frozen=True)
class Requirements:
    """The memory and speed of a stage.

    base_mb: memory for a small dataset, without Snakemake's own. file_bytes: additional memory per file. Both have a
    reserve of at least 50 %. The speeds are those of a slow parallel file system, because a cluster kills a job that
    exceeds its time.
    """

    base_mb: int
    file_bytes: int
    files_per_second: int
    mb_per_second: int

    def memory_mb(self, size: Size) -> int:
        """Memory for the first attempt, in MB."""
        return SNAKEMAKE_MB * 3 // 2 + self.base_mb + size.files * self.file_bytes // 10**6

    def work_minutes(self, size: Size) -> float:
        """Time for the work, without the start of the job."""
        seconds = size.files / self.files_per_second + size.size_bytes / 10**6 / self.mb_per_second
        return seconds / 60


# Measured with 100,000 and 1,000,000 files, the whole process tree; docs/cluster.md has the table.
REQUIREMENTS = {
    "scan": Requirements(260, 150, 1000, 10**6),
    "hash": Requirements(360, 2000, 200, 50),
    "aggregate": Requirements(360, 600, 10_000, 10**6),
    "render": Requirements(260, 600, 10_000, 10**6),
    "compile": Requirements(1160, 600, 10_000, 10**6),
    "archive": Requirements(160, 0, 100_000, 50),
    "convert": Requirements(460, 300, 5_000, 50),
    "verify": Requirements(460, 300, 1_000, 25),
    "report": Requirements(360, 600, 10_000, 50),
}


def memory_mb(stage: str, size: Size, attempt: int) -> int:
    """Memory to request, in MB; doubled with each further attempt."""
    return REQUIREMENTS[stage].memory_mb(size) << (attempt - 1)


def runtime_minutes(stage: str, size: Size, attempt: int) -> int:
    """Time to request, in minutes; doubled with each further attempt."""
    return math.ceil(START_MINUTES + REQUIREMENTS[stage].work_minutes(size)) << (attempt - 1)


def count_files(folder: str, seconds: float) -> int:
    """The number of entries below a folder; UNKNOWN_FILES or more if that takes longer or a folder is unreadable."""
    deadline = time.monotonic() + seconds
    folders, count = [folder], 0
    try:
        while folders:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    count += 1
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    if count % 1000 == 0 and time.monotonic() > deadline:
                        return max(count, UNKNOWN_FILES)
    except OSError:
        return max(count, UNKNOWN_FILES)
    return count


def cut(what: str, wanted: int, limit: int, unit: str, key: str) -> str:
    """The message that a request is cut to the limit of a key of the profile. what: the rule and the dataset."""
    return (
        f"note: {what} asks for {limit:,} instead of {wanted:,} {unit}, because of {key}: if that is too little for "
        f"the job, raise {key} below `resources` in the profile, or with --resources {key}={wanted}"
    )


def divide(shards: Sequence[Size], batches: int) -> list[int]:
    """The number of the batch of each shard, in order: batches of about the same work.

    batches: how many; 0 for batches of BATCH_MINUTES, as jobs of a cluster.
    """
    work = [REQUIREMENTS["hash"].work_minutes(one) for one in shards]
    total = sum(work)
    count = min(batches or round(total / BATCH_MINUTES) or 1, len(shards))
    # A shard belongs to the batch in which its middle lies.
    middles = [before + one / 2 for before, one in zip(accumulate(work, initial=0.0), work, strict=False)]
    found = [int(middle / total * count) if total else 0 for middle in middles]
    order = {number: index for index, number in enumerate(sorted(set(found)))}
    return [order[number] for number in found]


def size_of(table: Path, names: Collection[str] | None) -> Size:
    """Returns the size of some shards or batches, or of the whole dataset, from scan's table; 0 without a table."""
    lines = table.read_text().splitlines() if table.is_file() else []
    # A damaged table is created again by scan; until then, wrong rows are ignored.
    rows = [
        row for row in (line.split("\t") for line in lines) if len(row) == 4 and row[1].isdigit() and row[2].isdigit()
    ]
    chosen = [(int(row[1]), int(row[2])) for row in rows if names is None or {row[0], row[3]} & set(names)]
    return Size(sum(files for files, _ in chosen), sum(size_bytes for _, size_bytes in chosen))
