"""Locks: only one run at a time builds a dataset's products, and one job at a time what all datasets share."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from datacontainer.runtime.errors import DataContainerError

# Open until the process ends; the kernel then releases the lock, even if the process was killed.
_held: dict[str, int] = {}


def hold(path: Path, what: str) -> str | None:
    """Locks the file `path` until this process ends; returns a warning if the file system cannot lock files.

    what: the name of the locked results, for messages.

    Raises:
        DataContainerError: if another process holds the lock; the message names the process and its host.
    """
    key = os.path.realpath(path)
    if key in _held:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        _lock(descriptor, what)
    except OSError as error:
        return f"{what} cannot be locked ({error.strerror}): make sure that no other run builds it at the same time"
    _held[key] = descriptor
    # For the message of another run only; missing if the disk is full.
    with suppress(OSError):
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    return None


@contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Runs the block while no other job is in a block with this file, if the file system can lock files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lock(descriptor: int, what: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 200).decode(errors="backslashreplace").strip() or "unknown"
        os.close(descriptor)
        raise DataContainerError(
            f"{what} is being built by another run ({owner}): wait until it ends, or set another outdir"
        ) from None
    except OSError:
        os.close(descriptor)
        raise
