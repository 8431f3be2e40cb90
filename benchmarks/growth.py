"""Measures each stage and some queries of datasets of 2 to 10,000,000 files, and the plan for 1 TB in sparse files.

docs/performance.md contains the last table. It needs 10 GB of disk, and an inode for each file.
"""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import astuple, replace
from pathlib import Path

import datasets
import machine
from datacontainer.runtime import resources
from measure import Command, peak_bytes, run
from table import megabytes
from watch import watch
from workflow import Build

FILES = (2, 1_000, 100_000, 1_000_000, 10_000_000)
FREE_INODES, IMAGE_FILES = 1.2, 1_000_000
MEMORY_LIMIT_BYTES = 2e9
SPARSE_FILES, SPARSE_BYTES = 1000, 10**9
QUERIES: tuple[list[str], ...] = (
    [],
    ["-ls"],
    ["-get", "run-00000001"],
    ["-metric", "size", "-limit", "10"],
    ["-where", "size < 90"],
)


def main() -> None:
    """Builds, measures and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES[-1], help="of the largest dataset; default: %(default)s")
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "work")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    print(f"{machine.description(work)} {machine.load():.2f} processes for each core.\n")
    print(growth(work, sorted({*(files for files in FILES if files < options.files), options.files})))
    print(sparse(work), end="")


def growth(work: Path, counts: list[int]) -> str:
    """A table of the stages and of queries, for datasets of empty files of different sizes."""
    columns: dict[int, dict[str, tuple[float, int]]] = {}
    for files in counts:
        dataset = work / f"empty-{files}"
        if not dataset.exists() and os.statvfs(work).f_favail < files * FREE_INODES:
            print(f"{files:,} files: the disk has only {os.statvfs(work).f_favail:,} free inodes.\n")
            continue
        datasets.small(files, 0, dataset)
        # Without images, the largest dataset needs 15 GB less.
        formats = () if files > IMAGE_FILES else None
        columns[files] = dict(_measured(Build(dataset, work / f"growth-{files}", formats=formats), work / "output"))
        print(_table({files: columns[files]}), file=sys.stderr)
    return _table(columns)


def _measured(build: Build, output: Path) -> Iterator[tuple[str, tuple[float, int]]]:
    """The seconds and the peak memory in bytes of each stage and of each query."""
    run(build.stage("compile_packer"))
    seconds, stages = watch(build.command(*([] if build.formats is None else ["entrypoint"])))
    for name, stage in stages.items():
        yield name, (stage.seconds, stage.memory_bytes)
    yield "all jobs", (seconds, 0)
    for words in QUERIES:
        query = Command([build.entrypoint, *words], output)
        yield f"`{' '.join(words)}`" if words else "listing", (run(query).seconds, peak_bytes(query))
    shutil.rmtree(build.folder)


def _table(columns: Mapping[int, Mapping[str, tuple[float, int]]]) -> str:
    rows = ["| | " + " | ".join(f"{files:,} files" for files in columns) + " | peak memory | |"]
    rows.append("|---" * (len(columns) + 3) + "|")
    for name in dict.fromkeys(name for column in columns.values() for name in column):
        found = [column.get(name) for column in columns.values()]
        memory_bytes = max(one[1] for one in found if one)
        verdict = "" if not memory_bytes else "✓" if memory_bytes <= MEMORY_LIMIT_BYTES else "**missed**"
        cells = [f"{one[0]:.2f} s" if one else "" for one in found]
        rows.append(f"| {name} | {' | '.join(cells)} | {megabytes(memory_bytes) if memory_bytes else ''} | {verdict} |")
    return "\n".join(rows) + "\n"


def sparse(work: Path) -> str:
    """One line: the time to scan and to plan 1 TB in sparse files, and the jobs of the plan."""
    dataset = datasets.sparse(SPARSE_FILES, SPARSE_BYTES, work / "sparse")
    build = Build(dataset, work / "growth-sparse")
    run(build.stage("compile_packer"))
    scan = build.stage("scan")
    scan_seconds, scan_bytes = run(scan).seconds, peak_bytes(scan)
    plan = replace(build.command("--dry-run", "--verbose"), output=work / "plan")
    plan_seconds, plan_bytes = run(plan).seconds, peak_bytes(plan)
    batches, memory_mb, minutes = _cluster_plan(build.results / "stages/scan/shards.tsv")
    jobs = re.findall(r"(?m)^total +(\d+)", (work / "plan").read_text())[-1]
    shutil.rmtree(build.folder)
    shutil.rmtree(dataset)
    return (
        f"{SPARSE_FILES * SPARSE_BYTES / 1e12:g} TB in {SPARSE_FILES:,} sparse files: scan {scan_seconds:.2f} s, "
        f"{megabytes(scan_bytes)}; dry run {plan_seconds:.2f} s, {megabytes(plan_bytes)}, {jobs} jobs; "
        f"on a cluster, {batches} jobs of hash with at most {memory_mb} MB and {minutes} min each.\n"
    )


def _cluster_plan(table: Path) -> tuple[int, int, int]:
    """The number of jobs of hash on a cluster, and the most memory in MB and minutes that one of them requests."""
    rows = [line.split("\t") for line in table.read_text().splitlines()]
    shards = [resources.Size(int(files), int(size_bytes)) for _, files, size_bytes, _ in rows]
    sizes: dict[int, resources.Size] = {}
    for number, shard in zip(resources.divide(shards, 0), shards, strict=True):
        files, size_bytes = astuple(sizes.get(number, resources.Size(0, 0)))
        sizes[number] = resources.Size(files + shard.files, size_bytes + shard.size_bytes)
    memory_mb = max(resources.memory_mb("hash", size, 1) for size in sizes.values())
    return len(sizes), memory_mb, max(resources.runtime_minutes("hash", size, 1) for size in sizes.values())


if __name__ == "__main__":
    main()
