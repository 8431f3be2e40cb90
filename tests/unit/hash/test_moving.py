"""A dataset that moves while it is read: each change is named, nothing is made of it, and the next run heals."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datacontainer.scan.scan import scan
from tools.engines import require_tool
from tools.trees import fill
from tools.workflow import ROOT

LARGE = 256 << 20
WAIT_SECONDS = 60
FUNCTIONS = """\
import os, signal, sys
def writes(path):
    if path.endswith("b"):
        with open(path, "ab") as file:
            file.write(b"more")
    return {}
def keeps_the_size(path):
    with open(path, "r+b") as file:
        file.write(b"X")
    return {}
def writes_elsewhere(path):
    if path.endswith("b"):
        os.truncate(os.path.join(os.path.dirname(path), "a"), 0)
    return {}
def removes(path):
    os.remove(path)
    return {}
def ends(path):
    os._exit(0)
def is_killed(path):
    os.kill(os.getpid(), signal.SIGKILL)
def leaves(path):
    sys.exit("enough")
def fails(path):
    raise ValueError("no header")
def ends_too(catalog):
    os._exit(7)
def fine(path):
    return {"fine": True}
"""


def until(happened: Callable[[], object]) -> None:
    """Waits, for a while, until something has happened."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.001)


@pytest.fixture
def reading(packer, dataset) -> Iterator[subprocess.Popen[str]]:
    """A packer that is stopped in the middle of the file `large`."""
    fill(dataset, {b"a": b"a"})
    (dataset / "large").touch()
    os.truncate(dataset / "large", LARGE)
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
        opened = Path(f"/proc/{process.pid}/fd")
        until(lambda: any(os.readlink(one) == str(dataset / "large") for one in descriptors(opened)))
        process.send_signal(signal.SIGSTOP)
        yield process
        process.kill()


def descriptors(folder: Path) -> list[Path]:
    """The open files of a process, those that are closed meanwhile left out."""
    return [one for one in folder.iterdir() if os.path.lexists(one)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("printf more >> large", f"its size was {LARGE} bytes and is {LARGE + 4} now"),
        ("truncate -s 1000 large", f"its size was {LARGE} bytes and is 1000 now"),
        ("printf X | dd of=large conv=notrunc status=none", "its modification time was 1970-01-01T00:00:01Z and is"),
        (
            "printf X | dd of=large conv=notrunc status=none; touch -d @1 large",
            "it was written or its status was changed",
        ),
        ("rm large", "it was written or its status was changed while it was read"),
        ("chmod 600 large; mv large away; touch large", "it was written or its status was changed while it was read"),
    ],
)
def test_packer_hash_file_changed_in_the_middle_of_it_is_named(reading, dataset, change, message):
    subprocess.run(change, shell=True, cwd=dataset, check=True)
    reading.send_signal(signal.SIGCONT)
    said = reading.stderr.read()
    assert reading.wait() == 1
    assert said.startswith('"large" changed after the scan: ' + message)
    assert said.endswith("; run snakemake again\n")
    assert not list((dataset.parent / "out").iterdir())


def test_packer_hash_file_that_waits_unchanged_is_packed(reading, dataset):
    time.sleep(0.1)
    reading.send_signal(signal.SIGCONT)
    assert (reading.wait(), reading.stderr.read()) == (0, "")
    assert (dataset.parent / "out/layer.tar").stat().st_size > LARGE


@pytest.fixture
def data(project) -> Path:
    """The dataset of a project that is configured for it."""
    fill(project.folder / "data", {b"a": b"first", b"b": b"second"})
    (project.folder / "user.py").write_text(FUNCTIONS)
    project.configure(data={"path": "data", "formats": ["sif"]})
    return Path(project.folder / "data")


@contextmanager
def when_there_is(path: Path, change: Callable[[], object]) -> Iterator[None]:
    """Makes the change as soon as a file is there, while the block runs."""

    def wait() -> None:
        until(path.exists)
        change()

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


@pytest.fixture
def hashed_with(data, packer) -> Callable[[str], tuple[int, str]]:
    """Runs the stage hash alone with a user's function, as its script does; gives exit status and what is said."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom datacontainer.hash.hash import hash_shard\n"
        "from datacontainer.runtime.logs import stage\nfrom datacontainer.scan.scan import scan\n"
        "scan('data', [], Path('lists'), Path('table'), packer=Path(sys.argv[1]))\n"
        "out = Path('out')\nout.mkdir(exist_ok=True)\n"
        "with stage('log', 'hash data'):\n"
        "    hash_shard(packer=Path(sys.argv[1]), root='data', shard_list=next(Path('lists').iterdir()), mount='/data',"
        " digests=['sha256'], functions=[sys.argv[2]], records=out / 'r.parquet', layer=out / 'l.tar',"
        " facts=out / 'f.json')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}

    def run(function: str) -> tuple[int, str]:
        command = [sys.executable, "-c", script, packer, f"user.py:{function}"]
        done = subprocess.run(command, cwd=data.parent, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr

    return run


@pytest.mark.parametrize(
    ("function", "status", "message"),
    [
        (
            "writes",
            1,
            "'b' changed while the metadata function 'user.py:writes' looked at it: its size was 6 bytes",
        ),
        (
            "keeps_the_size",
            1,
            "'a' changed while the metadata function 'user.py:keeps_the_size' looked at it: it was w",
        ),
        (
            "writes_elsewhere",
            1,
            "'a' changed while one of the metadata functions ran: its size was 5 bytes and is 0 now",
        ),
        ("removes", 1, "'a' changed while the metadata function 'user.py:removes' looked at it: it cannot be found"),
        ("ends", 0, "error: the process ended while the metadata function 'user.py:ends' looked at 'a': it has to"),
        ("is_killed", -9, "error: the process ended while the metadata function 'user.py:is_killed' looked at 'a': it"),
        ("leaves", 2, "the metadata function 'user.py:leaves' failed on 'a': SystemExit('enough')"),
        ("fails", 2, "the metadata function 'user.py:fails' failed on 'a': ValueError('no header')"),
    ],
)
def test_hash_shard_users_function_that_misbehaves_is_named_with_the_file(data, hashed_with, function, status, message):
    found, said = hashed_with(function)
    assert (found, said.count("\n")) == (status, 1)
    assert message in said
    assert not (data.parent / "out/r.parquet").exists()


def test_hash_shard_users_function_that_behaves_says_nothing(hashed_with):
    assert hashed_with("fine") == (0, "")


def test_build_users_function_that_ends_the_process_leaves_no_product_and_heals(project, data):
    settings = {"path": data.name, "formats": ["sif"]}
    project.configure(data=settings | {"metadata": ["user.py:ends"]})
    run = project.snakemake()
    assert run.status != 0
    assert "the process ended while the metadata function 'user.py:ends' looked at 'a'" in run.text
    assert not project.product("data", "catalog.parquet").exists()
    project.configure(data=settings | {"dataset_metadata": ["user.py:ends_too"]})
    run = project.snakemake()
    assert "the process ended while the functions user.py:ends_too of dataset_metadata ran" in run.text
    assert not project.product("data", "data.sif").exists()
    project.configure(data=settings | {"metadata": ["user.py:fine"]})
    project.build()
    assert pq.read_table(project.product("data", "catalog.parquet"))["fine"].to_pylist() == [True, True]


@pytest.mark.parametrize(
    ("change", "message", "paths"),
    [
        (lambda data: (data / "a").write_bytes(b"grown up"), '"a" changed after the scan: its size was 5', ["a", "b"]),
        (lambda data: (data / "a").unlink(), '"a" changed after the scan: it is gone now', ["b"]),
    ],
)
def test_build_file_changed_between_scan_and_hash_fails_and_the_next_run_heals(project, data, change, message, paths):
    with when_there_is(project.product("data", "stages/scan/shards.tsv"), lambda: change(data)):
        run = project.snakemake()
    assert run.status != 0
    assert message in run.text
    assert not list(project.product("data", "").glob("*.*"))
    project.build()
    rows = pq.read_table(project.product("data", "catalog.parquet")).to_pylist()
    assert [(row["path"], row["sha256"]) for row in rows] == [
        (path, hashlib.sha256((data / path).read_bytes()).hexdigest()) for path in paths
    ]


def test_build_file_changed_before_the_sif_is_written_is_packed_as_it_was_read(project, data):
    unsquashfs = require_tool("unsquashfs")
    with when_there_is(
        project.product("data", "stages/aggregate/content.digest"), lambda: (data / "a").write_bytes(b"other")
    ):
        project.build()
    assert in_sif(unsquashfs, project) == b"first"
    project.build()
    assert in_sif(unsquashfs, project) == b"other"
    assert "Nothing to be done" in project.build()


def in_sif(unsquashfs: str, project) -> bytes:
    """The file `a` of the SIF, by its catalog's digest and by unsquashfs, which agree."""
    image = project.product("data", "data.sif").read_bytes()
    partition = project.folder / "partition"
    partition.write_bytes(image[image.index(b"hsqs") :])
    content = subprocess.run([unsquashfs, "-cat", partition, "data/a"], capture_output=True, check=True).stdout
    rows = pq.read_table(project.product("data", "catalog.parquet")).to_pylist()
    assert rows[0]["sha256"] == hashlib.sha256(content).hexdigest()
    return content
