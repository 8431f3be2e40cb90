"""What a job asks of a cluster: memory and time, which grow with the size of its data and with each attempt."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

# Two Pythons with Snakemake, one of which starts the other, before the job's own begins.
SNAKEMAKE_MB = 350
START_MINUTES = 10
# A shard that a core hashes while a job starts.
SMALL_FILES, SMALL_BYTES = 50_000, 256 << 20


@dataclass(frozen=True)
class Size:
    """How many files and bytes a job handles."""

    files: int
    size_bytes: int

    def threads(self) -> int:
        """How many cores it keeps busy: less than a second's work is done while another job starts."""
        return 1 if self.size_bytes < SMALL_BYTES and self.files < SMALL_FILES else 2


@dataclass(frozen=True)
class Need:
    """What a stage takes.

    base_mb: memory for a small dataset, without Snakemake's. file_bytes: memory for each file besides. The speeds are
    those of a slow parallel file system, as a job that runs out of time is lost.
    """

    base_mb: int
    file_bytes: int
    files_per_second: int
    mb_per_second: int

    def memory_mb(self, size: Size) -> int:
        """The memory for a first attempt."""
        return SNAKEMAKE_MB + self.base_mb + size.files * self.file_bytes // 10**6

    def work_minutes(self, size: Size) -> float:
        """The time for the work alone."""
        seconds = size.files / self.files_per_second + size.size_bytes / 10**6 / self.mb_per_second
        return seconds / 60


# Measured at 125,000 and 1,000,000 files, and rounded up by a half at least; docs/tutorials/cluster.md has the table.
NEEDS = {
    "scan": Need(650, 200, 1000, 10**6),
    "hash": Need(350, 2000, 200, 50),
    "aggregate": Need(450, 600, 10_000, 10**6),
    "render": Need(350, 600, 10_000, 10**6),
    "compile": Need(1150, 600, 10_000, 10**6),
    "archive": Need(150, 0, 100_000, 50),
    "convert": Need(650, 300, 5_000, 50),
    "verify": Need(350, 100, 1_000, 25),
    "report": Need(450, 600, 10_000, 50),
}


def memory_mb(stage: str, size: Size, attempt: int) -> int:
    """The memory to ask for; twice as much with each further attempt."""
    return NEEDS[stage].memory_mb(size) << (attempt - 1)


def runtime_minutes(stage: str, size: Size, attempt: int) -> int:
    """The time to ask for; twice as much with each further attempt."""
    return math.ceil(START_MINUTES + NEEDS[stage].work_minutes(size)) << (attempt - 1)


def size_of(table: Path, shards: Collection[str] | None) -> Size:
    """The size of some shards, or of the whole dataset, from the table that scan wrote; 0 without one."""
    lines = table.read_text().splitlines() if table.is_file() else []
    # A damaged table is written again; until then the size is 0.
    rows = [
        row for row in (line.split("\t") for line in lines) if len(row) == 3 and row[1].isdigit() and row[2].isdigit()
    ]
    chosen = [(int(files), int(size_bytes)) for name, files, size_bytes in rows if shards is None or name in shards]
    return Size(sum(files for files, _ in chosen), sum(size_bytes for _, size_bytes in chosen))
