"""Runs the whole workflow and measures each stage's time and memory, and all bytes read and written."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
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


@dataclass
class Watched:
    """A run: seconds, bytes that its system calls read and wrote, stages by name, and the output."""

    seconds: float
    read_bytes: int
    written_bytes: int
    stages: dict[str, Stage] = field(default_factory=dict)
    text: str = ""


def snakemake(folder: Path, *arguments: str, cores: int = 2) -> Watched:
    """Runs the workflow in a folder; raises RuntimeError if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores)]
    return watch([*words, *arguments], folder)


def watch(words: Sequence[str], folder: Path) -> Watched:
    """Runs a command in a folder and watches its descendant processes."""
    before, began = _io(), time.perf_counter()
    stages: dict[str, Stage] = {}
    ended = threading.Event()
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        watcher = threading.Thread(target=_watch, args=(process.pid, stages, ended))
        watcher.start()
        printed, _ = process.communicate()
        ended.set()
        watcher.join()
    seconds, after = time.perf_counter() - began, _io()
    text = printed.decode(errors="replace")
    if process.returncode != 0:
        raise RuntimeError(f"{words} ended with {process.returncode}: {text}")
    read, written = (late - early for late, early in zip(after, before, strict=True))
    return Watched(seconds, read, written, stages, text)


def _io() -> tuple[int, int]:
    """The bytes that this process and its finished children have read and written."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["rchar"]), int(lines["wchar"])


def _watch(top: int, stages: dict[str, Stage], ended: threading.Event) -> None:
    while not ended.wait(PERIOD_SECONDS):
        memory: dict[str, int] = {}
        for name, resident_bytes in _jobs(top):
            memory[name] = memory.get(name, 0) + resident_bytes
        now = time.perf_counter()
        for name, resident_bytes in memory.items():
            stage = stages.setdefault(name, Stage(now, now))
            stage.ended = now
            stage.memory_bytes = max(stage.memory_bytes, resident_bytes)


def _jobs(top: int) -> Iterator[tuple[str, int]]:
    """The stage and the memory of each process below `top` that belongs to a job."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (parent := _parent(entry.name)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found: list[tuple[int, str]] = [(top, "")]
    for process, above in found:
        name = above or _stage(process)
        found += [(child, name) for child in children.get(process, ())]
        if name:
            yield name, _resident_bytes(process)


def _parent(process: str) -> int | None:
    try:
        return int(Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return None


def _stage(process: int) -> str:
    try:
        found = STAGE.search(Path(f"/proc/{process}/cmdline").read_bytes())
    except OSError:
        return ""
    return found[1].decode() if found else ""


def _resident_bytes(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_bytes().split()[1]) * PAGE_BYTES
    except OSError:
        return 0
