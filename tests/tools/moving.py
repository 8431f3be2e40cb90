"""Fixture: a dataset that changes while it is read, by a user's functions too; and what waits for the moment."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools.trees import fill
from tools.workflow import Project

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
def data(project: Project) -> Path:
    """The dataset of a project that is configured for it."""
    fill(project.folder / "data", {b"a": b"first", b"b": b"second"})
    (project.folder / "user.py").write_text(FUNCTIONS)
    project.configure(data={"path": "data", "formats": ["sif"]})
    return Path(project.folder / "data")
