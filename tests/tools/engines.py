"""What the tests need of this machine's container tools; one that is missing skips a test, and fails it in CI."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

# Where Debian's packages have them: another client, without an engine, may come first on the PATH.
PREFERRED = {"docker": "/usr/bin/docker", "dockerd": "/usr/sbin/dockerd"}
TIMEOUT_SECONDS = 120

Word = str | bytes | Path
Done = subprocess.CompletedProcess[bytes]


def lacking(reason: str) -> NoReturn:
    """Skips the test with the reason; fails it in CI, where nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def require_tool(name: str) -> str:
    """The path of a program; the test is skipped, or in CI failed, where there is none."""
    path = shutil.which(PREFERRED.get(name, name)) or shutil.which(name)
    if path is None:
        lacking(f"{name} is not installed: on Debian 12, `sudo tests/tools/setup` installs it")
    return path


def require_root(what: str) -> None:
    """Skips the test, or in CI fails it, where this is not root."""
    if os.geteuid() != 0:
        lacking(f"{what} needs root, and this is user {os.geteuid()}: run the tests with sudo")


@dataclass(frozen=True)
class Tool:
    """A program with the arguments that every call of it begins with."""

    command: tuple[Word, ...]

    def run(self, *arguments: Word, status: int | None = 0, **options: Any) -> Done:
        """A finished call, with its output as bytes; asserts its exit status unless that is None."""
        command = [*self.command, *arguments]
        done = subprocess.run(command, capture_output=True, check=False, timeout=TIMEOUT_SECONDS, **options)
        if status is not None:
            errors = done.stderr.decode(errors="backslashreplace")
            assert done.returncode == status, f"{command} ended with {done.returncode}: {errors}"
        return done

    def __call__(self, *arguments: Word, **options: Any) -> bytes:
        """What a call, which must succeed, prints to standard output."""
        return self.run(*arguments, **options).stdout

    def text(self, *arguments: Word, **options: Any) -> str:
        """As a call, but as text without the white space around it."""
        return self(*arguments, **options).decode().strip()
