"""Watches a run of the workflow: the time and the memory of each stage."""

import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from measure import Command, run

PERIOD_SECONDS = 0.05
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# A job's command line is `python …/scripts/datacontainer STAGE TASK …`; in /proc, NUL separates the words.
STAGE = re.compile(rb"/scripts/datacontainer\0(\w+)\0")


@dataclass
class Stage:
    """The start of a stage's first job, the end of its last job, and the peak memory of its concurrent jobs."""

    began: float
    ended: float
    memory_bytes: int = 0

    @property
    def seconds(self) -> float:
        """The duration of the stage."""
        return self.ended - self.began


def watch(command: Command) -> tuple[float, dict[str, Stage]]:
    """Runs a command, and returns its seconds and its stages by name."""
    stages: dict[str, Stage] = {}
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(stages, ended))
    watcher.start()
    try:
        return run(command).seconds, stages
    finally:
        ended.set()
        watcher.join()


def _watch(stages: dict[str, Stage], ended: threading.Event) -> None:
    while not ended.wait(PERIOD_SECONDS):
        memory: dict[str, int] = {}
        for name, resident_bytes in _jobs():
            memory[name] = memory.get(name, 0) + resident_bytes
        now = time.perf_counter()
        for name, resident_bytes in memory.items():
            stage = stages.setdefault(name, Stage(now, now))
            stage.ended = now
            stage.memory_bytes = max(stage.memory_bytes, resident_bytes)


def _jobs() -> Iterator[tuple[str, int]]:
    """The stage and the memory of each descendant of this process that belongs to a job."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (stat := _read(entry.name, "stat")):
            children.setdefault(int(stat.rpartition(b")")[2].split()[1]), []).append(int(entry.name))
    found: list[tuple[int, str]] = [(os.getpid(), "")]
    for process, above in found:
        stage = STAGE.search(_read(process, "cmdline"))
        name = above or (stage[1].decode() if stage else "")
        found += [(child, name) for child in children.get(process, ())]
        if name and (statm := _read(process, "statm")):
            yield name, int(statm.split()[1]) * PAGE_BYTES


def _read(process: int | str, name: str) -> bytes:
    """A file of a process in /proc; empty if the process has ended."""
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:
        return b""
