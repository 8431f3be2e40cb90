"""Measures commands in alternating runs, to get reliable ratios of their costs."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

# The kernel starts to count when the parent forks, therefore the parent is a process with little memory.
PEAK = """
import os, sys
status, usage = os.wait4(os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:]), 0)[1:]
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def _processor_seconds() -> float:
    """The processor time of all finished children."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


CLOCKS = {"wall-clock": time.perf_counter, "processor": _processor_seconds}


class MissingProgramError(Exception):
    """A program that a row needs is not installed."""


Words = Sequence[str | Path]


@dataclass(frozen=True)
class Command:
    """A command to measure.

    output: a file for its standard output. folder: its working directory. environment: added to this process's.
    removed: files and folders to remove before each run.
    """

    words: Words
    output: Path | None = None
    folder: Path | None = None
    environment: Mapping[str, str] | None = None
    removed: Sequence[Path] = ()


@dataclass(frozen=True)
class Cost:
    """The cost of a run: seconds of the clock in $CLOCK, and the bytes that system calls wrote; its messages."""

    seconds: float
    written_bytes: int
    messages: str


def run(command: Command) -> Cost:
    """Runs a command once, after earlier writes have reached the disk; raises RuntimeError if it fails."""
    words = [str(word) for word in command.words]
    for path in command.removed:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    environment = {**os.environ, **(command.environment or {})}
    clock = CLOCKS[os.environ.get("CLOCK", "wall-clock")]
    with open(command.output or os.devnull, "wb") as sink, tempfile.TemporaryFile() as messages:
        if command.removed:
            os.sync()
        written, began = _written_bytes(), clock()
        done = subprocess.run(words, stdout=sink, stderr=messages, cwd=command.folder, env=environment, check=False)
        seconds = clock() - began
        messages.seek(0)
        text = messages.read().decode(errors="replace")
    if done.returncode != 0:
        raise RuntimeError(f"{words} ended with {done.returncode}: {text}")
    return Cost(seconds, _written_bytes() - written, text)


def peak_bytes(command: Command) -> int:
    """The peak memory of the command's process, or of the largest process below it."""
    small = [sys.executable, "-I", "-S", "-c", PEAK, *command.words]
    return int(run(replace(command, words=small)).messages.split()[-1]) << 10


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
