"""Kills, full disks, read and write errors, and a second run: messages, remaining files, and the next run."""

import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from datacontainer.scan.scan import scan
from datacontainer.scan.sharding import MIN_SHARD
from datacontainer.terminal.console import INTERRUPTED
from tools.engines import TIMEOUT_SECONDS, require_tool, small_disk
from tools.faults import Killer, digests
from tools.moving import wait_until
from tools.trees import fill
from tools.workflow import NOTHING, Project, command, fails

# The empty name represents the default target with both images. `make faults` fills the disk at every stage.
STAGES = ("packer", "hash", "aggregate", "compile-linux-amd64", "")
if os.environ.get("FAULTS") == "all":
    STAGES = ("packer", "scan", "hash", "aggregate", "render", "compile-linux-amd64", "assemble", "")


def test_killed_build_is_completed_by_the_next_run(tmp_path):
    # SEED=… repeats the random moments.
    seed = os.environ.get("SEED") or str(random.SystemRandom().randrange(10**9))
    print(f"SEED={seed}")
    killer, kills = Killer(tmp_path, random.Random(seed)), int(os.environ.get("KILLS", "3"))
    killer.prepare()
    number = 0
    while number < kills or (number < 2 * kills and not killer.in_a_stage()):
        killer.round(number)
        number += 1
    assert killer.wrong == [], f"SEED={seed}"
    assert killer.in_a_stage(), f"SEED={seed}: no kill was in a stage: {killer.killed}"


@pytest.fixture
def disk(tmp_path):
    """A small disk to fill."""
    with small_disk(tmp_path / "disk", "size=100m") as folder:
        yield folder


def fill_up(disk: Path) -> Path:
    """Fills the disk completely; returns the file to delete."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(1 << 16))
    with open(filler, "ab", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(1))
    return filler


def seals_of(stage: str) -> list[str]:
    """The targets that end with a stage: its seals, the files that record that the stage finished."""
    if stage == "packer":
        return ["results/.datacontainer/packer.seal"]
    if stage == "hash":
        return ["results/full/stages/hash/batch-0.seal"]
    return [f"results/full/stages/seals/{stage}.seal"] if stage else []


def test_full_disk_at_each_stage_is_one_line_and_the_next_run_completes(tmp_path, disk, project):
    files = {b"%03d" % i: b"content %d" % i * 9 for i in range(200)}
    fill(tmp_path / "data", files)
    # A first build fills Go's cache, so that the cache does not affect where the disk becomes full.
    other = Project(tmp_path / "other")
    other.folder.mkdir()
    for one in (other, project):
        one.configure(full={"path": str(tmp_path / "data"), "shard_files": 64})
    other.build()
    (project.folder / "results").symlink_to(disk)
    for stage in STAGES:
        targets = seals_of(stage)
        filler = fill_up(disk)
        text = fails(project, *targets)
        assert "the disk is full" in text, (stage, text)
        assert "free " in text
        assert "Traceback" not in text
        filler.unlink()
        assert list(disk.rglob("*.partial")) == []
        assert digests(project).items() <= digests(other).items()
        project.build(*targets)
    assert digests(project) == digests(other)
    assert NOTHING in project.build()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("pread64:error=EIO:when=5", "cannot be read (input/output error): repair its disk"),
        ("pwrite64:error=EIO:when=1", "input/output error"),
        (
            "pwrite64:error=EDQUOT:when=1",
            "your quota of bytes or files is used up: delete files, or set outdir to another disk",
        ),
        ("fsync:error=ENOSPC:when=1", "the disk is full: free space on it, or set outdir to another disk"),
        ("fsync:error=EIO:when=1", "input/output error"),
        ("renameat:error=EIO:when=1", "input/output error"),
    ],
)
def test_packer_injected_fault_is_named_and_leaves_nothing(packer, tmp_path, fault, expected):
    strace = [require_tool("strace"), "-f", "-qq", "-o", tmp_path / "trace"]
    fill(tmp_path / "data", {b"%03d" % i: b"x" * 5000 for i in range(50)} | {b"large": b"y" * 3_000_000})
    lists, table = tmp_path / "lists", tmp_path / "table"
    (shard,) = scan(str(tmp_path / "data"), [], lists, table, packer=packer, minimum=MIN_SHARD)
    (tmp_path / "out").mkdir()
    arguments = ["--root", tmp_path / "data", "--mount", "/data", tmp_path / "lists" / f"{shard.name}.list"]
    arguments += [tmp_path / "out/records", tmp_path / "out/layer"]
    done = subprocess.run(
        [*strace, "-e", f"trace={fault.split(':')[0]}", "-e", f"inject={fault}", packer, "hash", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    assert expected in done.stderr
    assert done.stderr.count("\n") == 1
    assert os.listdir(tmp_path / "out") == []


def start_build(project: Project, until: str, *options: str) -> subprocess.Popen[str]:
    """Starts a build in its own session, and returns when its output contains `until`."""
    process = subprocess.Popen(
        command("--cores", "2", *options),
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    for line in process.stdout:
        if until in line:
            return process
    raise AssertionError(f"the build ended before {until}")


FUNCTION = """\
import os, time
def f(path):
    open("called", "w").close()
    while not os.path.exists("go"):
        time.sleep(0.05)
    return {"n": 1}
"""


@pytest.fixture
def slow(project) -> Project:
    """A dataset with a metadata function that writes the file `called` and waits for the file `go`."""
    fill(project.folder / "data", {b"a": b"1"})
    (project.folder / "mine.py").write_text(FUNCTION)
    project.configure(slow={"path": "data", "metadata": ["mine.py:f"]})
    return project


def test_second_run_names_the_process_that_builds(slow):
    process = start_build(slow, "hash slow")
    assert f"dataset 'slow' in 'results' is being built by another run (process {process.pid} on " in fails(slow)
    elsewhere = Project(slow.folder / "elsewhere")
    elsewhere.folder.mkdir()
    elsewhere.configure(slow={"path": str(slow.folder / "data")})
    assert "wait until it ends, or set another outdir" in fails(
        elsewhere, "--config", f"outdir={slow.folder / 'results'}"
    )
    assert slow.snakemake("--dry-run").status == 0
    (slow.folder / "go").touch()
    process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0
    assert NOTHING in slow.build()


def test_run_killed_without_the_profile_is_completed_after_unlock(slow):
    plain = ("--workflow-profile", "none")
    process = start_build(slow, "hash slow", *plain)
    wait_until((slow.folder / "called").exists)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=TIMEOUT_SECONDS)
    assert list((slow.folder / ".snakemake/locks").iterdir())
    (slow.folder / "go").touch()
    assert "Directory cannot be locked" in fails(slow, *plain)
    unlocked = slow.snakemake(*plain, "--unlock")
    assert unlocked.status == 0, unlocked.text
    slow.build(*plain, "--rerun-incomplete")


def test_ctrl_c_is_one_line_and_the_next_run_completes(slow):
    process = start_build(slow, "hash slow")
    wait_until((slow.folder / "called").exists)
    os.killpg(process.pid, signal.SIGINT)
    text, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode != 0
    assert text.splitlines()[-1] == INTERRUPTED
    assert "Traceback" not in text
    assert list((slow.folder / "results").rglob("*.partial")) == []
    (slow.folder / "go").touch()
    slow.build()
    assert NOTHING in slow.build()
