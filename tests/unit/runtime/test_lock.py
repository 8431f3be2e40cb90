"""Locks: one run at a time, a file system without locks, and the message that names the other run."""

import errno
import fcntl
import os
import subprocess
import sys

import pytest

from datacontainer.runtime import lock
from datacontainer.runtime.errors import DataContainerError
from datacontainer.runtime.lock import hold, in_turn


@pytest.fixture(autouse=True)
def _released(monkeypatch):
    """Releases the locks of a test at its end."""
    held: dict[str, int] = {}
    monkeypatch.setattr(lock, "_held", held)
    yield
    for descriptor in held.values():
        os.close(descriptor)


@pytest.fixture
def without_locks(monkeypatch):
    def refuse(*_arguments):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)


def hold_elsewhere(path):
    """Tries to hold a lock in another process; returns its output."""
    call = "import sys; from pathlib import Path; from datacontainer.runtime.lock import hold; "
    call += "print(hold(Path(sys.argv[1]), 'dataset x'))"
    done = subprocess.run(
        [sys.executable, "-c", call, path], stdout=-1, stderr=subprocess.STDOUT, text=True, timeout=60, check=False
    )
    return done.stdout.splitlines()[-1]


def test_hold_lock_is_refused_to_another_process_which_names_the_owner(tmp_path):
    path = tmp_path / "folder/.lock"
    assert hold(path, "dataset x") is None
    assert hold(path, "dataset x") is None
    message = f"dataset x is being built by another run (process {os.getpid()} on {os.uname().nodename}): wait until it"
    assert message in hold_elsewhere(path)


def test_hold_lock_of_another_process_is_an_error_until_it_ends(tmp_path):
    path = tmp_path / ".lock"
    with open(path, "w") as file:
        file.write("process 1 on elsewhere\n")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        descriptors = len(os.listdir("/proc/self/fd"))
        with pytest.raises(DataContainerError, match=r"by another run \(process 1 on elsewhere\): wait until it ends"):
            hold(path, "dataset x")
        assert len(os.listdir("/proc/self/fd")) == descriptors
    assert hold_elsewhere(path) == "None"
    assert hold(path, "dataset x") is None


@pytest.mark.usefixtures("without_locks")
def test_hold_file_system_without_locks_is_a_warning_and_the_run_is_named(tmp_path):
    assert hold(tmp_path / ".lock", "dataset x", "abc") == (
        "dataset x cannot be locked (No locks available): make sure that no other run builds it at the same time"
    )
    assert (tmp_path / ".lock").read_text() == f"process {os.getpid()} on {os.uname().nodename}\nrun abc\nslurm \n"
    assert hold(tmp_path / ".lock", "dataset x", "abc") is None


def test_hold_without_a_place_for_the_lock_is_a_warning(tmp_path):
    (tmp_path / "file").touch()
    assert hold(tmp_path / "file/folder/lock", "dataset x").startswith("dataset x cannot be locked (Not a directory): ")


@pytest.mark.usefixtures("without_locks")
def test_in_turn_file_system_without_locks_runs_the_block(tmp_path):
    with in_turn(tmp_path / "folder/lock"):
        (tmp_path / "done").touch()
    assert (tmp_path / "done").exists()
