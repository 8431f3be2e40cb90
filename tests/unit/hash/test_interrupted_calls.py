"""System calls that a signal interrupts (EINTR), as on FUSE and network file systems: scan and hash repeat them."""

import hashlib
import tarfile
from pathlib import Path

import pytest

from datacontainer.config.results import Results
from datacontainer.hash.hash import hash_shards
from datacontainer.hash.shard import Job
from datacontainer.scan.records import read_records
from datacontainer.scan.scan import read_shards, scan
from datacontainer.scan.sharding import MIN_SHARD
from tools.engines import require_tool
from tools.trees import fill

# The calls that read a dataset. Every second call of each is interrupted, also the first.
CALLS = ("openat", "getdents64", "newfstatat", "readlinkat", "fstat", "pread64", "fstatfs", "wait4")


@pytest.fixture
def interrupted(packer, tmp_path) -> tuple[Path, Path]:
    """A program that runs the packer with interrupted calls, and the file to which strace writes these calls."""
    program, trace = tmp_path / "interrupted", tmp_path / "trace"
    words = [require_tool("strace"), "-f", "-qq", "-A", "-o", str(trace), "-e", f"trace={','.join(CALLS)}"]
    words += ["-e", f"inject={','.join(CALLS)}:error=EINTR:when=1+2"]
    program.write_text(f'#!/bin/sh\nexec {" ".join(words)} {packer} "$@"\n')
    program.chmod(0o755)
    return program, trace


@pytest.mark.parametrize("symlinks", ["keep", "follow"])
def test_scan_and_hash_with_interrupted_calls_have_the_same_results(interrupted, dataset, symlinks):
    program, trace = interrupted
    files = {b"a": b"1" * 300_000, b"folder/b": b"2", b"folder/deep/c": b""}
    fill(dataset, files)
    (dataset.parent / "outside").write_bytes(b"outside")
    (dataset / "link").symlink_to("../outside")
    results = Results(dataset.parent / "results")
    scan(str(dataset), (), results.lists, results.shards, packer=program, symlinks=symlinks, minimum=MIN_SHARD)
    (shard,) = read_shards(results.shards)
    assert [one.path for one in read_records(results.list_of(shard))] == [b"a", b"folder/b", b"folder/deep/c", b"link"]
    results.layer(shard).parent.mkdir(parents=True)
    hash_shards(Job(program, str(dataset), results, ["sha256"], mount="/data", threads=1), [shard], lambda _: None)
    contents = [*files.values(), b"outside" if symlinks == "follow" else b"../outside"]
    expected = b"".join(hashlib.sha256(content).digest() for content in contents)
    assert results.digests(shard).read_bytes() == expected
    with tarfile.open(results.layer(shard)) as tar:
        names = [member.name for member in tar if not member.isdir()]
        assert names == ["data/a", "data/folder/b", "data/folder/deep/c", "data/link"]
    seen = {line.split(maxsplit=1)[1].split("(")[0] for line in trace.read_text().splitlines() if "EINTR" in line}
    assert {"openat", "getdents64", "newfstatat", "readlinkat", "fstat", "pread64"} <= seen
