"""The run's id in a lock; jobs of dead runs and copies of jobs end, and the next run waits for them."""

import os
import subprocess
import sys
import threading
import time

import pytest

from datacontainer.runtime import lock, run
from datacontainer.runtime.errors import DataContainerError
from datacontainer.runtime.lock import Owner, hold, note_slurm, read_owner
from datacontainer.runtime.run import OWN, ReplacedError, check_run, take_over, working

OTHER = Owner("process 1 on elsewhere", "feedfacefeedface")
WORKER = """
import sys, time
from pathlib import Path
from datacontainer.runtime import run
run.WATCH_SECONDS = 0.1
try:
    with run.working(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]):
        print("works", flush=True)
        time.sleep(60)
except run.ReplacedError as error:
    print(error, flush=True)
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Releases the locks of a test at its end, and shortens the waits."""
    held: dict[str, int] = {}
    monkeypatch.setattr(lock, "_held", held)
    for name, seconds in {"WATCH_SECONDS": 0.1, "GRACE_SECONDS": 0.5, "SETTLE_SECONDS": 0}.items():
        monkeypatch.setattr(run, name, seconds)
    yield
    for descriptor in held.values():
        os.close(descriptor)


@pytest.fixture
def paths(tmp_path):
    """A lock, and the file with which a job works."""
    folder = tmp_path / "results/.datacontainer"
    (folder / "x.jobs").mkdir(parents=True)
    return folder / "x.lock", folder / "x.jobs/hash-batch-0"


def work_elsewhere(paths, of_run):
    """Starts a job in another process; returns it when it works."""
    words = [sys.executable, "-c", WORKER, *map(str, paths), of_run]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "works\n"
    return process


def output(process):
    return process.communicate(timeout=60)[0].strip()


@pytest.mark.parametrize(
    ("content", "owner"),
    [
        (OTHER._replace(slurm="a-b_c").to_text().encode(), OTHER._replace(slurm="a-b_c")),
        (OTHER.to_text().encode(), OTHER),
        (b"process 7 on old\n", Owner("process 7 on old")),
        (b"process 7 on old\nrun \nslurm $(reboot)\n", Owner("process 7 on old")),
        (b"", Owner("unknown")),
        (b"\xff\0run x", Owner("\\xff\0run x")),
    ],
)
def test_owner_of_any_content_is_what_is_readable(tmp_path, content, owner):
    (tmp_path / "lock").write_bytes(content)
    assert read_owner(tmp_path / "lock") == owner


def test_hold_with_a_run_names_it_and_without_one_keeps_the_last(tmp_path):
    path = tmp_path / "lock"
    path.write_text(OTHER._replace(slurm="name").to_text() + "more of an earlier content\n" * 9)
    here = lock.this_process()
    hold(path, "x")
    assert read_owner(path) == Owner(here, OTHER.run, "name")
    os.close(lock._held.popitem()[1])
    hold(path, "x", "abc")
    assert path.read_text() == f"{here}\nrun abc\nslurm \n"
    note_slurm("other")
    assert read_owner(path) == Owner(here, "abc", "other")


def test_check_run_of_another_run_is_an_error_and_an_unknown_run_none(tmp_path):
    path = tmp_path / "lock"
    check_run(path, "abc")
    for content in (b"", b"process 7 on old\n", OTHER.to_text().encode()):
        path.write_bytes(content)
        check_run(path, OTHER.run)
        check_run(path, "")
    with pytest.raises(ReplacedError, match=r"its run ended, and a later run \(process 1 on elsewhere\)"):
        check_run(path, "abc")


def test_working_job_of_a_dead_run_never_begins(paths):
    paths[0].write_text(OTHER.to_text())
    with pytest.raises(ReplacedError), working(*paths, "abc"):
        pytest.fail("the job works")


def test_take_over_waits_until_a_working_job_of_the_dead_run_has_ended(paths):
    paths[0].write_text(OTHER.to_text())
    job = work_elsewhere(paths, OTHER.run)
    shown = []
    take_over(paths[0], paths[1].parent, "x", shown.append)
    assert output(job) == f"this job ends: its run ended, and a later run ({lock.this_process()}) builds the dataset"
    here = lock.this_process().partition(" on ")[2]
    assert shown == [
        f"dataset 'x': waiting until an earlier job ends (hash-batch-0: process {job.pid} on {here})",
    ]
    assert read_owner(paths[0]).run == OWN
    take_over(paths[0], paths[1].parent, "x", shown.append)
    assert len(shown) == 1


@pytest.mark.slow
def test_take_over_of_a_job_that_does_not_end_is_an_error(paths, monkeypatch):
    monkeypatch.setattr(run, "WAIT_SECONDS", 2)
    job = work_elsewhere(paths, "abc")
    os.kill(job.pid, 19)
    with pytest.raises(DataContainerError, match=r"^jobs of an earlier run did not end within 2 s \(hash-"):
        take_over(paths[0], paths[1].parent, "x", lambda _: None)
    job.kill()
    output(job)


@pytest.mark.parametrize(
    ("job", "old", "waits"),
    [("process 7 on n1, job 3", 0, True), ("process 7 on n1, job 3", 60, False), ("", 0, False), ("here", 0, False)],
)
def test_take_over_waits_for_a_job_of_another_host_while_it_may_live(paths, job, old, waits):
    paths[1].write_text((lock.this_process() if job == "here" else job) + "\ntoken\n" if job else "")
    os.utime(paths[1], (time.time() - old,) * 2)
    began, shown = time.monotonic(), []
    take_over(paths[0], paths[1].parent, "x", shown.append)
    assert bool(shown) == waits
    assert time.monotonic() - began > 0.4 * waits
    assert paths[1].read_text() == ""


def test_working_later_copy_of_a_job_begins_when_the_earlier_one_has_ended(paths):
    paths[0].write_text(OTHER.to_text())
    first = work_elsewhere(paths, OTHER.run)
    with working(*paths, OTHER.run):
        assert first.wait(60) == 0
        assert output(first) == f"this job ends: a later copy of it works ({lock.this_process()})"
        assert paths[1].read_text().startswith(f"{lock.this_process()}\n")
        time.sleep(0.3)
    assert paths[1].read_text() == ""


def test_working_without_locks_ends_the_earlier_copy(paths, monkeypatch):
    first = work_elsewhere(paths, "abc")
    monkeypatch.setattr(run, "_lock", lambda _: None)
    with working(*paths, "abc"):
        assert "a later copy of it works" in output(first)


def test_working_ctrl_c_remains_ctrl_c_and_leaves_the_file_empty(paths):
    def stop():
        with working(*paths, "abc"):
            raise KeyboardInterrupt

    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt):
        stop()
    assert paths[1].read_text() == ""
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
        assert not thread.is_alive()


def test_working_without_a_run_touches_nothing(paths):
    with working(*paths, ""):
        assert not paths[1].exists()
