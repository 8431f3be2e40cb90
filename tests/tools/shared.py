"""Folders of a session of tests, and what is made in them once for all of its worker processes."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacontainer.entrypoint.gobuild import go_cache

# Set by the process that starts the workers; they inherit it.
VARIABLE = "DATACONTAINER_TESTS"


def pytest_configure(config: pytest.Config) -> None:
    """Makes the session's folder, and one build cache of Go for all that the tests compile, whatever HOME they give."""
    if not hasattr(config, "workerinput"):
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="dc-", dir="/tmp")
        Path(os.environ[VARIABLE]).chmod(0o755)
        os.environ["GOCACHE"] = str(go_cache(Path(os.environ[VARIABLE], "go-cache")))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Removes the session's folder; processes that were just killed may still hold it."""
    if hasattr(config, "workerinput") or VARIABLE not in os.environ:
        return
    folder = Path(os.environ.pop(VARIABLE))
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow tiers begin, so that the quick one fills the time of the worker that is done first."""
    items.sort(key=lambda item: "unit" in item.path.parts)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Any:
    """What a worker tells of a test, with the odd names that the test printed made text that can be sent."""
    return encodable((yield))


def encodable(value: Any) -> Any:
    """The value with each character that UTF-8 lacks as its escape."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {encodable(key): encodable(one) for key, one in value.items()}
    return type(value)(map(encodable, value)) if isinstance(value, list | tuple) else value


def once(name: str, make: Callable[[Path], object]) -> Path:
    """A folder that every user may enter, with a short path; the first worker that wants it makes what is in it."""
    folder = Path(os.environ[VARIABLE], name)
    done = folder.with_name(f"{name}.done")
    with open(folder.with_name(f"{name}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o755)
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def short_folder() -> Path:
    """This worker's own folder, that every user may enter, with a path short enough for the sockets in it."""
    folder = Path(os.environ[VARIABLE], os.environ.get("PYTEST_XDIST_WORKER", "own"))
    folder.mkdir(mode=0o755)
    return folder
