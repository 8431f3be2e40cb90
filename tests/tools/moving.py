"""Fixture: a dataset that changes while it is read, with users' functions; and functions that wait."""

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
import time
def hangs(argument):
    time.sleep(600)
def fine(path):
    return {"fine": True}
"""


def wait_until(happened: Callable[[], object], seconds: float = WAIT_SECONDS) -> None:
    """Waits until the function returns true; fails after some seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"not true after {seconds} s"
        time.sleep(0.001)


@contextmanager
def change_when_exists(path: Path, change: Callable[[], object]) -> Iterator[None]:
    """Calls `change` as soon as the file exists, while the block runs."""

    def wait() -> None:
        wait_until(path.exists)
        change()

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


@pytest.fixture
def data(project: Project) -> Path:
    """The folder of a dataset `data`, for which the project is configured."""
    fill(project.folder / "data", {b"a": b"first", b"b": b"second"})
    (project.folder / "user.py").write_text(FUNCTIONS)
    project.configure(data={"path": "data", "formats": ["sif"]})
    return Path(project.folder / "data")
