"""Measures commands in alternating runs, to get reliable ratios of their costs."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A command to measure. output: a file for its standard output. folder: its working directory."""

    words: Sequence[str | Path]
    output: Path | None = None
    folder: Path | None = None


@dataclass(frozen=True)
class Cost:
    """The cost of a command: wall-clock seconds, processor seconds, and its peak memory in bytes.

    The memory is at least that of this process, because the kernel starts to count when this process forks.
    """

    seconds: float
    processor_seconds: float
    memory_bytes: int


def run(command: Command) -> Cost:
    """Runs a command once; raises RuntimeError if it fails."""
    words = [str(word) for word in command.words]
    with _sink(command.output) as sink, tempfile.TemporaryFile() as messages:
        began = time.perf_counter()
        process = subprocess.Popen(words, stdout=sink, stderr=messages, cwd=command.folder)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            messages.seek(0)
            raise RuntimeError(f"{words} ended with {process.returncode}: {messages.read().decode(errors='replace')}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss << 10)


def _sink(output: Path | None):
    return open(output or os.devnull, "wb")


def alternate(commands: Sequence[Command], times: int) -> list[Cost]:
    """The median cost of each command. The commands take turns, so that other load affects all of them."""
    costs: list[list[Cost]] = [[] for _ in commands]
    for _ in range(times):
        for command, found in zip(commands, costs, strict=True):
            found.append(run(command))
    return [_median(found) for found in costs]


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.processor_seconds for cost in costs),
        max(cost.memory_bytes for cost in costs),
    )
