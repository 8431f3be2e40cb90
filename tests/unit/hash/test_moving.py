"""A dataset that changes while it is read: the error names each change, and no output is written."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from datacontainer.scan.scan import scan
from tools.moving import wait_until
from tools.trees import fill
from tools.workflow import ROOT

LARGE_FACTOR = 256 << 20


@pytest.fixture
def reading(packer, dataset) -> Iterator[subprocess.Popen[str]]:
    """A packer process that is paused while it reads the file `large`."""
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
    command = [packer, "hash", "--root", dataset, "--list", listed, "--mount", "/data"]
    command += ["--records", out / "raw", "--layer", out / "layer.tar"]
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


def test_packer_hash_paused_while_nothing_changes_packs_the_file(reading, dataset):
    time.sleep(0.1)
    reading.send_signal(signal.SIGCONT)
    assert (reading.wait(), reading.stderr.read()) == (0, "")
    assert (dataset.parent / "out/layer.tar").stat().st_size > LARGE_FACTOR


@pytest.fixture
def hashed_with(data, packer) -> Callable[..., tuple[int, str]]:
    """Runs the stage hash with a metadata function, as its script does; returns exit status and stderr."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom datacontainer.hash.hash import ShardJob, hash_shard\n"
        "from datacontainer.runtime.logs import stage\nfrom datacontainer.scan.scan import scan\n"
        "scan('data', [], Path('lists'), Path('table'), packer=Path(sys.argv[1]))\n"
        "out = Path('out')\nout.mkdir(exist_ok=True)\n"
        "with stage('log', 'hash data'):\n"
        "    hash_shard(ShardJob(packer=Path(sys.argv[1]), root='data', listed=next(Path('lists').iterdir()), "
        " mount='/data', digests=['sha256'], functions=sys.argv[2:], records=out / 'r.parquet', layer=out / 'l.tar',"
        " facts=out / 'f.json'))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}

    def run(*functions: str) -> tuple[int, str]:
        command = [sys.executable, "-c", script, packer, *(f"user.py:{function}" for function in functions)]
        done = subprocess.run(command, cwd=data.parent, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    return run


@pytest.mark.parametrize(
    ("function", "status", "message"),
    [
        ("writes", 1, "'b' changed while the metadata function 'user.py:writes' read it: its size was 6 bytes"),
        ("keeps_the_size", 1, "'a' changed while the metadata function 'user.py:keeps_the_size' read it: its mtime c"),
        ("writes_elsewhere", 1, "while one of the metadata functions ran: its size was 5 bytes, now it is 0 bytes"),
        ("removes", 1, "'a' changed while the metadata function 'user.py:removes' read it: it does not exist any more"),
        (
            "ends",
            2,
            "'user.py:ends' failed on 2 files, first: 'a': it ended its process (exit status 0); it must return",
        ),
        (
            "is_killed",
            2,
            "'user.py:is_killed' failed on 2 files, first: 'a': its process was killed (SIGKILL); if memor",
        ),
        ("leaves", 2, "the metadata function 'user.py:leaves' failed on 2 files, first: 'a': SystemExit('enough'), in"),
        ("fails", 2, "the metadata function 'user.py:fails' failed on 2 files, first: 'a': ValueError('no header')"),
    ],
)
def test_hash_shard_faulty_metadata_function_is_named_with_the_file(data, hashed_with, function, status, message):
    found, printed = hashed_with(function)
    assert (found, printed.count("\n")) == (status, 1)
    assert message in printed
    assert not (data.parent / "out/r.parquet").exists()


def test_hash_shard_correct_metadata_function_prints_nothing(hashed_with):
    assert hashed_with("fine") == (0, "")


def test_hash_shard_two_functions_that_fail_are_both_counted_and_each_failure_is_logged(data, hashed_with):
    with (data.parent / "user.py").open("a") as source:
        source.write("\ndef lists_b(path):\n    return [1] if path.endswith('b') else {'n': 1}\n")
    found, printed = hashed_with("fails", "lists_b")
    first, second = printed.splitlines()
    assert found == 2
    assert first.startswith("error: hash data: the metadata function 'user.py:fails' failed on 2 files, first: 'a': ")
    assert second == (
        "  the metadata function 'user.py:lists_b' failed on 1 file, first: 'b': it returned [1]: it must return a dict"
        "; correct the function, or exclude the files with `exclude`"
    )
    log = (data.parent / "log").read_text()
    assert "'user.py:fails' failed on 'b': ValueError('no header')" in log
    assert log.count('user.py", line') == 1
