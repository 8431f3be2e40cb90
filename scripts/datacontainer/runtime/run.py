"""Run: the id of a run of the workflow. A job ends if its run ended, so that no two jobs do the same work.

A run writes its id into the lock of each dataset. A job compares the id of its own run with that in the lock, at its
start and while it works. A job locks a file while it works, for which a later run or a later copy of the job waits.
"""

import fcntl
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from datacontainer.runtime.errors import DataContainerError
from datacontainer.runtime.lock import OWNER_BYTES, hold, holds, read_owner, rewrite, this_process
from datacontainer.runtime.logs import logger
from datacontainer.runtime.slurmjobs import cancel_jobs

# The environment variable with the id of the run; each executor of Snakemake passes it to the jobs.
VARIABLE = "DATACONTAINER_RUN"
# The variables with the job's number: Slurm, LSF, PBS, Grid Engine.
NUMBERS = ("SLURM_JOB_ID", "LSB_JOBID", "PBS_JOBID", "JOB_ID")
OWN = secrets.token_hex(8)
# How often a job reads the lock of its dataset.
WATCH_SECONDS = 4.0
# A job that has not touched its file for this time does not work. Some file systems lock files for each host alone.
GRACE_SECONDS = 3 * WATCH_SECONDS
# After a job, Snakemake's process around it may still delete its outputs.
SETTLE_SECONDS = 3.0
# The longest wait for jobs; Slurm kills a cancelled job after 30 s.
WAIT_SECONDS = 300.0


class ReplacedError(DataContainerError):
    """A later run, or a later copy of the same job, does the work of this job."""


def begin_run() -> str:
    """Sets the environment variable for the jobs of this process, which is a run; returns its name."""
    os.environ[VARIABLE] = OWN
    return VARIABLE


def run_of_job() -> str:
    """The id of the run to which this process belongs; "" if a user started it without a run."""
    return os.environ.get(VARIABLE, "")


def check_run(lock: Path, run: str) -> None:
    """Returns if the run is the last one that locked `lock`, or if this is not known.

    Raises:
        ReplacedError: otherwise.
    """
    owner = read_owner(lock)
    if run and owner.run and owner.run != run:
        raise ReplacedError(f"this job ends: its run ended, and a later run ({owner.process}) builds the dataset")


@contextmanager
def working(lock: Path, work: Path, run: str) -> Iterator[None]:
    """Runs the block as the only job with the file `work`; ends it when a later run or copy of the job replaces it.

    An earlier copy of the job ends within seconds; Slurm may restart a job although its node still works on it.

    Raises:
        ReplacedError: if this job was replaced.
        DataContainerError: if an earlier copy of the job does not end.
    """
    if not run:
        yield
        return
    work.parent.mkdir(parents=True, exist_ok=True)
    text = f"{_this_job()}\n{secrets.token_hex(8)}\n"
    with open(os.open(work, os.O_RDWR | os.O_CREAT, 0o666), "r+b", buffering=0) as file:
        earlier = _first_line(file)
        # The earlier copy reads it, and ends.
        rewrite(file.fileno(), text)
        _wait(
            lambda: [earlier] if _lock(file) is False else [],
            lambda line: logger.info("%s", line),
            "a copy of this job",
        )
        rewrite(file.fileno(), text)
        try:
            with _watched(lambda: _check(lock, work, run, text)):
                yield
        finally:
            if os.pread(file.fileno(), OWNER_BYTES, 0) == text.encode():
                rewrite(file.fileno(), "")


def take_over(lock: Path, jobs: Path, dataset: str, show: Callable[[str], None]) -> None:
    """Locks a dataset for this run until it ends; returns when no job of an earlier run works on the dataset any more.

    jobs: the folder of the files that jobs lock. show: prints a line.

    Raises:
        DataContainerError: if a run builds the dataset, or if jobs of an earlier run do not end.
    """
    if holds(lock):
        return
    what = f"dataset {dataset!r} in {str(lock.parent.parent)!r}"
    earlier = read_owner(lock)
    warning = hold(lock, what, OWN)
    if warning:
        show(warning)
    elif earlier.slurm and (number := cancel_jobs(earlier.slurm, dataset)):
        jobs_of = "a Slurm job" if number == 1 else f"{number} Slurm jobs"
        show(f"dataset {dataset!r}: cancelled {jobs_of} of an earlier run ({earlier.process})")
    began, now = time.monotonic(), lock.stat().st_mtime if lock.exists() else 0

    def left() -> list[str]:
        since = now - GRACE_SECONDS if time.monotonic() - began < GRACE_SECONDS else now
        return [one for one in (_living(path, since) for path in sorted(jobs.glob("*"))) if one]

    _wait(left, lambda line: show(f"dataset {dataset!r}: {line}"), "jobs of an earlier run")
    for path in jobs.glob("*"):
        with suppress(OSError):
            os.truncate(path, 0)


def _living(path: Path, since: float) -> str:
    """The name of the job that works with a file; "" if none does.

    since: a job whose lock this host may not see works if it has touched the file since then.
    """
    try:
        with open(path, "r+b", buffering=0) as file:
            job, lock, touched = _first_line(file), _lock(file), os.fstat(file.fileno()).st_mtime
    except OSError:
        return ""
    here = job.partition(",")[0].partition(" on ")[2] == socket.gethostname()
    living = lock is False or (job and touched > since and not (lock and here))
    return f"{path.name}: {job or 'unknown'}" if living else ""


def _wait(left: Callable[[], list[str]], show: Callable[[str], None], what: str) -> None:
    """Waits until `left` returns no jobs. what: the jobs, for messages.

    Raises:
        DataContainerError: after WAIT_SECONDS.
    """
    began, waited = time.monotonic(), False
    while jobs := left():
        if not waited:
            show(f"waiting until an earlier job ends ({'; '.join(jobs[:3])})")
        elif time.monotonic() - began > WAIT_SECONDS:
            shown = f"{what} did not end within {WAIT_SECONDS:.0f} s ({'; '.join(jobs[:3])})"
            raise DataContainerError(f"{shown}: end the process, and run snakemake again")
        waited = True
        time.sleep(0.2)
    if waited:
        time.sleep(SETTLE_SECONDS)


def _check(lock: Path, work: Path, run: str, text: str) -> None:
    check_run(lock, run)
    with suppress(OSError):
        found = work.read_text(errors="replace")
        if found and found != text:
            raise ReplacedError(f"this job ends: a later copy of it works ({found.partition(chr(10))[0]})")
        os.utime(work)


@contextmanager
def _watched(check: Callable[[], None]) -> Iterator[None]:
    """Interrupts the block, as Ctrl-C does, when `check` raises; raises the same error."""
    ended, errors = threading.Event(), list[ReplacedError]()

    def watch() -> None:
        while not errors and not ended.wait(WATCH_SECONDS):
            try:
                check()
            except ReplacedError as error:
                errors.append(error)
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    check()
    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    except KeyboardInterrupt:
        if errors:
            raise errors[0] from None
        raise
    finally:
        ended.set()


def _lock(file: IO[bytes]) -> bool | None:
    """Whether this process has the lock of a file now; None if the file system cannot lock files."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _this_job() -> str:
    number = next((os.environ[name] for name in NUMBERS if name in os.environ), "")
    return this_process() + (f", job {number}" if number else "")


def _first_line(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), OWNER_BYTES, 0).decode(errors="backslashreplace").partition("\n")[0]
