"""Access to this machine's container tools. A missing tool skips a test, and fails it in CI."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import pytest

# The paths in Debian's packages: another client, without an engine, may come first on PATH.
PREFERRED = {"docker": "/usr/bin/docker", "dockerd": "/usr/sbin/dockerd"}
TIMEOUT_SECONDS = 120

Word = str | bytes | Path
Done = subprocess.CompletedProcess[bytes]


def lacking(reason: str) -> NoReturn:
    """Skips the test with the reason; fails it in CI, where no tool may be missing."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)  # noqa: TID251


def require_tool(name: str) -> str:
    """The path of a program; skips the test, or fails it in CI, if the program is not installed."""
    path = shutil.which(PREFERRED.get(name, name)) or shutil.which(name)
    if path is None:
        lacking(f"{name} is not installed: on Debian 12, `sudo tests/tools/setup` installs it")
    return path


def require_library(name: str) -> Any:
    """A module of a library for tests; skips the test, or fails it in CI, if the library is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        lacking(f"{name} is not installed: `pip install -r requirements-dev.txt` installs it")


def require_root(what: str) -> None:
    """Skips the test, or fails it in CI, if the tests do not run as root."""
    if os.geteuid() != 0:
        lacking(f"{what} needs root, but the tests run as user {os.geteuid()}: run them with sudo")


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """Mounts a new disk at a folder, which it creates. options: such as size=1m."""
    require_root("mounting a small disk")
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=False).returncode:
        lacking("a tmpfs cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@dataclass(frozen=True)
class Tool:
    """A program with the first arguments of all its calls."""

    command: tuple[Word, ...]

    def run(self, *arguments: Word, status: int | None = 0, **options: Any) -> Done:
        """Runs the program and returns the finished call with output as bytes; asserts the status unless it is None."""
        command = [*self.command, *arguments]
        done = subprocess.run(command, capture_output=True, check=False, timeout=TIMEOUT_SECONDS, **options)
        if status is not None:
            errors = done.stderr.decode(errors="backslashreplace")
            assert done.returncode == status, f"{command} ended with {done.returncode}: {errors}"
        return done

    def __call__(self, *arguments: Word, **options: Any) -> bytes:
        """Runs the program, which must succeed, and returns its standard output."""
        return self.run(*arguments, **options).stdout

    def text(self, *arguments: Word, **options: Any) -> str:
        """Runs the program, which must succeed, and returns its standard output as stripped text."""
        return self(*arguments, **options).decode().strip()
