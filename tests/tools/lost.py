"""Builds whose main process is killed while its jobs live on, and a record of the jobs that worked side by side."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from tools.engines import TIMEOUT_SECONDS
from tools.moving import wait_until
from tools.workflow import Project

# Records each process that works on a dataset, and whether another one worked on it then; waits for the file `go`.
FUNCTION = """\
import fcntl, os, time
held = []
def recorded(path):
    name = os.path.basename(os.path.dirname(path))
    if not held:
        held.append(open(name + ".working", "a"))
        try:
            fcntl.flock(held[0], fcntl.LOCK_EX | fcntl.LOCK_NB)
            found = "alone"
        except BlockingIOError:
            found = "beside another"
        with open("record", "a") as record:
            record.write(f"{name} {os.getpid()} {found}\\n")
    while not os.path.exists("go"):
        time.sleep(0.05)
    return {"n": 1}
"""


def record(project: Project) -> list[str]:
    """A line for each process that worked: dataset, process, "alone" or "beside another"."""
    file = project.folder / "record"
    return file.read_text().splitlines() if file.exists() else []


def wait_for_record(project: Project, lines: int, process: subprocess.Popen[str]) -> None:
    """Waits until the record has a number of lines, or the process has ended."""
    wait_until(lambda: len(record(project)) >= lines or process.poll() is not None, 2 * TIMEOUT_SECONDS)


def kill_main(process: subprocess.Popen[str], project: Project, works: int, pid: int = 0) -> str:
    """Kills a process, and none that it started, when the record has a number of lines; returns its output.

    pid: of the process to kill, if it is a child of `process`.
    """
    wait_for_record(project, works, process)
    os.kill(pid or process.pid, signal.SIGKILL)
    # Jobs on this machine still have the pipe.
    process.wait(TIMEOUT_SECONDS)
    os.set_blocking(process.stdout.fileno(), False)
    with process.stdout as printed:
        return printed.read() or ""


def end_session(process: subprocess.Popen[str]) -> None:
    """Kills the processes of a session that are left."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(TIMEOUT_SECONDS)
    process.stdout.close()


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """The mtime and the size of each file and folder below a folder."""
    return {str(one): (one.stat().st_mtime_ns, one.stat().st_size) for one in folder.rglob("*")}
