"""The memory and time that a job requests from a cluster, by the size of its data and the number of the attempt."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

# A job starts two Python processes with Snakemake, one inside of the other, before the stage starts.
SNAKEMAKE_MB = 350
START_MINUTES = 10
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

    base_mb: memory for a small dataset, without Snakemake's own. file_bytes: additional memory per file. The speeds are
    those of a slow parallel file system, because a cluster kills a job that exceeds its time.
    """

    base_mb: int
    file_bytes: int
    files_per_second: int
    mb_per_second: int

    def memory_mb(self, size: Size) -> int:
        """Memory for the first attempt, in MB."""
        return SNAKEMAKE_MB + self.base_mb + size.files * self.file_bytes // 10**6

    def work_minutes(self, size: Size) -> float:
        """Time for the work, without the start of the job."""
        seconds = size.files / self.files_per_second + size.size_bytes / 10**6 / self.mb_per_second
        return seconds / 60


# Measured with 125,000 and 1,000,000 files, and raised by at least 50 %; docs/cluster.md has the table.
REQUIREMENTS = {
    "scan": Requirements(650, 200, 1000, 10**6),
    "hash": Requirements(350, 2000, 200, 50),
    "aggregate": Requirements(450, 600, 10_000, 10**6),
    "render": Requirements(350, 600, 10_000, 10**6),
    "compile": Requirements(1150, 600, 10_000, 10**6),
    "archive": Requirements(150, 0, 100_000, 50),
    "convert": Requirements(650, 300, 5_000, 50),
    "verify": Requirements(350, 100, 1_000, 25),
    "report": Requirements(450, 600, 10_000, 50),
}


def memory_mb(stage: str, size: Size, attempt: int) -> int:
    """Memory to request, in MB; doubled with each further attempt."""
    return REQUIREMENTS[stage].memory_mb(size) << (attempt - 1)


def runtime_minutes(stage: str, size: Size, attempt: int) -> int:
    """Time to request, in minutes; doubled with each further attempt."""
    return math.ceil(START_MINUTES + REQUIREMENTS[stage].work_minutes(size)) << (attempt - 1)


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
