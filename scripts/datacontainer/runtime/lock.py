"""Locks: only one run at a time builds a dataset's products, and one job at a time what all datasets share."""

import fcntl
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from datacontainer.runtime.errors import DataContainerError

# Open until the process ends; the kernel then releases the lock, even if the process was killed.
_held: dict[str, int] = {}
# Far more than the content of a lock.
OWNER_BYTES = 1000


class Owner(NamedTuple):
    """The content of a lock: the process that locked it last, such as "process 7 on host", and its run.

    run: the id of the run. slurm: the name of its jobs in Slurm. Both are "" if the lock does not name them.
    """

    process: str
    run: str = ""
    slurm: str = ""

    def to_text(self) -> str:
        """The text of a lock."""
        return f"{self.process}\nrun {self.run}\nslurm {self.slurm}\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> "Owner":
        """The owner that a lock names, as far as its content is readable; earlier versions wrote no run."""
        text = content.decode(errors="backslashreplace")
        run, slurm = (re.search(rf"^{name} ([\w-]+)$", text, re.MULTILINE) for name in ("run", "slurm"))
        return cls(text.partition("\n")[0].strip() or "unknown", run[1] if run else "", slurm[1] if slurm else "")


def this_process() -> str:
    """The name of this process for a lock."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def read_owner(path: Path) -> Owner:
    """The owner that the lock `path` names; one without a run if there is no lock."""
    with suppress(OSError), open(path, "rb") as file:
        return Owner.from_bytes(file.read(OWNER_BYTES))
    return Owner("unknown")


def hold(path: Path, what: str, run: str = "") -> str | None:
    """Locks the file `path` until this process ends; returns a warning if the file system cannot lock files.

    what: the name of the locked results, for messages. run: the id of the run to write into the lock, even if the file
    system cannot lock files; without it, the lock continues to name the last run.

    Raises:
        DataContainerError: if another process holds the lock; the message names the process and its host.
    """
    warning = None
    if holds(path):
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        return _cannot(what, error)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise DataContainerError(
            f"{what} is being built by another run ({read_owner(path).process}): wait until it ends, or set another "
            f"outdir; if that host does not exist anymore, delete {str(path)!r}"
        ) from None
    except OSError as error:
        warning = _cannot(what, error)
    _held[os.path.realpath(path)] = descriptor
    _write(descriptor, Owner(this_process(), run) if run else read_owner(path)._replace(process=this_process()))
    return warning


def holds(path: Path) -> bool:
    """Whether this process holds the lock `path`."""
    return os.path.realpath(path) in _held


def note_slurm(name: str) -> None:
    """Writes the name of this run's jobs in Slurm into each lock that this process holds."""
    for path, descriptor in _held.items():
        _write(descriptor, read_owner(Path(path))._replace(slurm=name))


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Runs the block while no other job is in a block with this file, if the file system can lock files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _cannot(what: str, error: OSError) -> str:
    return f"{what} cannot be locked ({error.strerror}): make sure that no other run builds it at the same time"


def _write(descriptor: int, owner: Owner) -> None:
    rewrite(descriptor, owner.to_text())


def rewrite(descriptor: int, text: str) -> None:
    """Replaces the content of a locked file, which a full disk prevents."""
    content = text.encode()
    with suppress(OSError):
        os.pwrite(descriptor, content, 0)
        os.truncate(descriptor, len(content))
        # Jobs on other nodes read it.
        os.fsync(descriptor)
