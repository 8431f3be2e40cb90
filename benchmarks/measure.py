"""Measures commands in alternating runs, to get reliable ratios of their costs."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class MissingProgramError(Exception):
    """A program that a row needs is not installed."""


@dataclass(frozen=True)
class Command:
    """A command to measure.

    output: a file for its standard output. folder: its working directory. environment: added to this process's.
    removed: files and folders to remove before each run.
    """

    words: Sequence[str | Path]
    output: Path | None = None
    folder: Path | None = None
    environment: Mapping[str, str] | None = None
    removed: Sequence[Path] = ()


@dataclass(frozen=True)
class Cost:
    """The cost of a run: wall-clock seconds, peak memory of one process and bytes that system calls wrote; messages.

    The memory is at least that of this process, because the kernel starts to count when this process forks.
    """

    seconds: float
    memory_bytes: int
    written_bytes: int
    messages: str


def run(command: Command) -> Cost:
    """Runs a command once, after earlier writes have reached the disk; raises RuntimeError if it fails."""
    words = [str(word) for word in command.words]
    for path in command.removed:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    environment = {**os.environ, **(command.environment or {})}
    with open(command.output or os.devnull, "wb") as sink, tempfile.TemporaryFile() as messages:
        if command.removed:
            os.sync()
        written, began = _written_bytes(), time.perf_counter()
        process = subprocess.Popen(words, stdout=sink, stderr=messages, cwd=command.folder, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        messages.seek(0)
        text = messages.read().decode(errors="replace")
    if process.returncode != 0:
        raise RuntimeError(f"{words} ended with {process.returncode}: {text}")
    return Cost(seconds, usage.ru_maxrss << 10, _written_bytes() - written, text)


def alternate(runs: Sequence[Command | Callable[[], float]], times: int) -> list[list[float]]:
    """The seconds of each run of each command. They take turns, so that other load affects all of them.

    A callable returns the seconds of its run.
    """
    columns: list[list[float]] = [[] for _ in runs]
    for _ in range(times):
        for one, column in zip(runs, columns, strict=True):
            column.append(run(one).seconds if isinstance(one, Command) else one())
    return columns


def need(*programs: str) -> None:
    """Raises MissingProgramError if one of the programs is not on PATH."""
    for program in programs:
        if shutil.which(program) is None:
            raise MissingProgramError(f"{program!r} is not installed")


def _written_bytes() -> int:
    """The bytes that this process and its finished children have written."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["wchar"])
