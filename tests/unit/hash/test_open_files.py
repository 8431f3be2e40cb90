"""The bound on the files and folders of a dataset that a job has open at the same time."""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from datacontainer.config.results import Results
from datacontainer.hash.hash import hash_shards
from datacontainer.hash.shard import Job
from datacontainer.runtime.errors import UsageError
from datacontainer.scan.scan import read_shards, scan
from datacontainer.scan.sharding import Limits
from tools.engines import require_tool
from tools.trees import fill


def slow(packer: Path, program: Path, milliseconds: int) -> Path:
    """A program that runs the packer with reads that need so much time, as on a busy file system."""
    words = [require_tool("strace"), "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=getdents64,pread64"]
    words += ["-e", f"inject=getdents64,pread64:delay_exit={milliseconds}000"]
    program.write_text(f'#!/bin/sh\nexec {" ".join(words)} {packer} "$@"\n')
    program.chmod(0o755)
    return program


class Watch(threading.Thread):
    """Looks at the open files of all processes. most: the number, at a time, of those whose paths match the pattern."""

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self._pattern, self._ended, self.most = re.compile(pattern), threading.Event(), 0

    def __enter__(self) -> "Watch":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(0.002):
            self.most = max(self.most, sum(map(bool, map(self._pattern.fullmatch, opened()))))


def opened() -> Iterator[str]:
    """The paths that all processes have open."""
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            for one in os.listdir(folder):
                with suppress(OSError):
                    yield os.readlink(folder / one)


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "expected"), [("1", {1}), ("3", {2, 3}), (None, range(5, 33))])
def test_open_files_bounds_the_folders_and_files_that_are_read_at_a_time(limit, expected, packer, dataset, monkeypatch):
    if limit:
        monkeypatch.setenv("DATACONTAINER_OPEN_FILES", limit)
    fill(dataset, {b"%02d/f" % i: b"x" * 100_000 for i in range(60)})
    program = slow(packer, dataset.parent / "slow", 20 * int(limit or 15))
    results = Results(dataset.parent / "results")
    with Watch(rf"{dataset}/\d\d") as listed:
        scan(str(dataset), (), results.lists, results.shards, packer=program, minimum=Limits(8, 1 << 20))
    shards = read_shards(results.shards)
    assert len(shards) > 2
    results.layer(shards[0]).parent.mkdir(parents=True)
    with Watch(rf"{dataset}/\d\d/f") as read:
        hash_shards(Job(program, str(dataset), results, ["sha256"], mount="/data", threads=1), shards, lambda _: None)
    assert listed.most in expected
    assert read.most in expected


def test_results_need_inodes_for_each_shard_and_none_for_each_file(packer, dataset):
    fill(dataset, {b"%04d" % i: b"%d" % i for i in range(600)})
    results = Results(dataset.parent / "results")
    scan(str(dataset), (), results.lists, results.shards, packer=packer, minimum=Limits(64, 1 << 30))
    shards = read_shards(results.shards)
    results.layer(shards[0]).parent.mkdir(parents=True)
    hash_shards(Job(packer, str(dataset), results, ["sha256"], mount="/data", threads=1), shards, lambda _: None)
    inodes = {path.stat().st_ino for path in results.folder.rglob("*") if path.is_file()}
    # List, digests, facts and layer of each shard; the table of the shards, with its rule and its state.
    assert len(inodes) == 4 * len(shards) + 3
    assert len(shards) > 2


def test_open_files_wrong_number_is_reported_with_its_variable(packer, dataset, monkeypatch):
    monkeypatch.setenv("DATACONTAINER_OPEN_FILES", "many")
    results = Results(dataset.parent / "results")
    with pytest.raises(UsageError, match=r'^DATACONTAINER_OPEN_FILES is "many", expected a number from 1 to 32$'):
        scan(str(dataset), (), results.lists, results.shards, packer=packer)
