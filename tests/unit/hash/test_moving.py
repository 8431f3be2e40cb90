"""A dataset that changes while it is read: the error names each change, and no output is written."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest

from datacontainer.config.results import Results
from datacontainer.hash.hash import hash_shards
from datacontainer.hash.shard import Job
from datacontainer.runtime.errors import DataError
from datacontainer.scan.scan import read_shards, scan
from tools.engines import require_root
from tools.moving import wait_until
from tools.trees import fill

LARGE_FACTOR = 128 << 20


@pytest.fixture
def reading(packer, dataset, request) -> Iterator[subprocess.Popen[str]]:
    """A packer process that is paused while it reads the file `large`; the parameter is a flag."""
    fill(dataset, {b"a": b"a"})
    (dataset / "large").touch()
    os.truncate(dataset / "large", LARGE_FACTOR)
    os.utime(dataset / "large", (1, 1))
    lists, out = dataset.parent / "lists", dataset.parent / "out"
    out.mkdir()
    scan(str(dataset), (), lists, dataset.parent / "table", packer=packer)
    for part in lists.iterdir():
        if b"large" in part.read_bytes():
            listed = part
    command = [packer, "hash", "--root", dataset, "--mount", "/data", getattr(request, "param", "--check=False")]
    command += [listed, out / "raw", out / "layer.tar"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: str(dataset / "large") in opened(process))
        process.send_signal(signal.SIGSTOP)
        yield process
        process.kill()


def opened(process: subprocess.Popen[str]) -> list[str]:
    """The names of the open files of a process."""
    found = []
    for one in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            found.append(os.readlink(one))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("printf more >> large", f"its size was {LARGE_FACTOR} bytes and is {LARGE_FACTOR + 4} now"),
        ("truncate -s 1000 large", f"its size was {LARGE_FACTOR} bytes and is 1000 now"),
        ("printf X | dd of=large conv=notrunc status=none", "its modification time was 1970-01-01T00:00:01Z and is"),
        (
            "printf X | dd of=large conv=notrunc status=none; touch -d @1 large",
            "it was written or its status was changed",
        ),
        ("rm large", "it was written or its status was changed while it was read"),
        ("chmod 600 large; mv large away; touch large", "it was written or its status was changed while it was read"),
    ],
)
def test_packer_hash_file_changed_during_the_read_is_named(reading, dataset, change, message):
    subprocess.run(change, shell=True, cwd=dataset, check=True)
    reading.send_signal(signal.SIGCONT)
    printed = reading.stderr.read()
    assert reading.wait() == 1
    assert printed.startswith('"large" changed after the scan: ' + message)
    assert printed.endswith("; run snakemake again\n")
    assert not list((dataset.parent / "out").iterdir())


@pytest.mark.parametrize("reading", ["--check=False", "--check=True"], indirect=True)
def test_packer_hash_paused_while_nothing_changes_packs_the_file(reading, dataset):
    time.sleep(0.1)
    reading.send_signal(signal.SIGCONT)
    assert (reading.wait(), reading.stderr.read()) == (0, "")
    assert (dataset.parent / "out/layer.tar").stat().st_size > LARGE_FACTOR


@pytest.mark.parametrize("change", ["true", "printf X | dd of=b conv=notrunc status=none; touch -d @1 b"])
def test_hash_shard_check_compares_two_reads_of_a_file_without_a_lease(data, packer, tmp_path, caplog, change):
    require_root("a file of another user")
    caplog.set_level("INFO", "datacontainer")
    unleased, results = tmp_path / "packer", Results(tmp_path)
    unleased.write_text(f'#!/bin/sh\nsetpriv --bounding-set=-lease {packer} "$@" || exit\ncd {data}\n{change}\n')
    unleased.chmod(0o755)
    os.chown(data / "b", 12345, -1)
    os.utime(data / "b", (1, 1))
    scan(str(data), (), results.lists, results.shards, packer=packer)
    (shard,) = read_shards(results.shards)
    failure = pytest.raises(DataError, match="'b' changed while it was read: two reads returned different bytes")
    with nullcontext() if change == "true" else failure:
        hash_shards(Job(unleased, str(data), results, ["sha256"], stable="check"), [shard], lambda _: None)
    assert "all files are read twice, because the system granted no lease on 1 of them" in caplog.messages
    assert results.layer(shard).exists() == (change == "true")
