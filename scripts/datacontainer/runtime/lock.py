"""The lock of a dataset's products: one run at a time builds them, from whatever working directory."""

import errno
import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from datacontainer.runtime.errors import DataContainerError, UsageError

NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)
# Open until the process ends; the kernel then releases the lock, also if the process was killed.
_held: dict[str, int] = {}


def hold(path: Path, what: str) -> str | None:
    """Takes the lock `path` until the process ends; returns a warning if the file system has no locks.

    what: the name of the locked thing, for messages.

    Raises:
        DataContainerError: if another process has the lock.
        UsageError: if the lock's folder cannot be written.
    """
    key = os.path.realpath(path)
    if key in _held:
        return None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        if error.errno in NOT_WRITABLE and not path.exists():
            folder = str(path.parent.parent)
            raise UsageError(
                f"outdir: {folder!r} cannot be written ({error.strerror}): set outdir to a folder that you can write to"
            ) from error
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        _lock(descriptor, what)
    except OSError as error:
        return f"{what} cannot be locked ({error.strerror}): make sure that no other run builds it at the same time"
    _held[key] = descriptor
    # For the message of another run; a full disk leaves it out.
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
