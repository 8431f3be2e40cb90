"""The lock of a dataset's products: one run at a time builds them, from whatever working directory."""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from datacontainer.runtime.errors import DataContainerError

# Open as long as the process lives; the kernel gives the lock back then, also when it was killed.
_held: dict[str, int] = {}


def hold(path: Path, what: str) -> str | None:
    """Takes the lock `path` until the process ends; a warning where the file system has no locks.

    what: what is locked, for messages.

    Raises:
        DataContainerError: when another process has it.
    """
    key = os.path.realpath(path)
    if key in _held:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        _lock(descriptor, what)
    except OSError as error:
        return f"{what} cannot be locked ({error.strerror}): see that no other run builds it at the same time"
    _held[key] = descriptor
    # Only for the message of another run: on a full disk it is missing.
    with suppress(OSError):
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    return None


def _lock(descriptor: int, what: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.read(descriptor, 200).decode(errors="backslashreplace").strip() or "unknown"
        os.close(descriptor)
        raise DataContainerError(
            f"{what} is being built by another run ({owner}): wait until it ends, or set another outdir"
        ) from None
