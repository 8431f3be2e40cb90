"""The temporary folder of a test session, and files in it that are made once for all worker processes."""

import compileall
import fcntl
import gc
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datacontainer.entrypoint.gobuild import go_cache

# The environment variable with the session's folder; workers inherit it from the process that starts them.
VARIABLE = "DATACONTAINER_TESTS"


def pytest_configure(config: pytest.Config) -> None:
    """Creates the session's folder, and sets one build cache of Go for all tests, regardless of HOME.

    It also compiles the product for Python: with PYTHONDONTWRITEBYTECODE, each job would compile it in 7 % of its time.
    """
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(config.rootpath / "scripts", quiet=2)
        os.environ[VARIABLE] = tempfile.mkdtemp(prefix="dc-", dir="/tmp")
        Path(os.environ[VARIABLE]).chmod(0o755)
        os.environ["GOCACHE"] = str(go_cache(Path(os.environ[VARIABLE], "go-cache")))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Deletes the session's folder. It tries repeatedly, because killed processes may still use the folder."""
    if hasattr(config, "workerinput") or VARIABLE not in os.environ:
        return
    folder = Path(os.environ.pop(VARIABLE))
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Moves unit tests to the end: slow tests start first, and workers that finish early run unit tests."""
    items.sort(key=lambda item: "unit" in item.path.parts)


def pytest_collection_finish() -> None:
    """Leaves the tests, thousands of objects that stay, out of each later search for garbage."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Any:
    """A worker's report of a test, in which characters that cannot be encoded are escaped."""
    return encodable((yield))


def encodable(value: Any) -> Any:
    """The value, in which characters that UTF-8 cannot encode are escaped."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {encodable(key): encodable(one) for key, one in value.items()}
    return type(value)(map(encodable, value)) if isinstance(value, list | tuple) else value


def once(name: str, make: Callable[[Path], object]) -> Path:
    """A folder with a short path that all users may access; the first worker that calls this fills it with `make`."""
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
    """This worker's own folder, which all users may access; its path is short enough for sockets in it."""
    folder = Path(os.environ[VARIABLE], os.environ.get("PYTEST_XDIST_WORKER", "own"))
    folder.mkdir(mode=0o755)
    return folder
