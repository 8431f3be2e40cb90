"""Surroundings: the parts of a process that a user's function may change, and that every call finds as at the start."""

import fcntl
import os
import signal
import sys
from typing import IO

# Functions may close the descriptors that they believe to be theirs.
LOWEST_DESCRIPTOR = 100


class Surroundings:
    """The working directory, and the standard streams: an empty input, and an output that goes to the error stream."""

    def __init__(self) -> None:
        """Keeps copies of them, of which new processes have none."""
        self._folder = high(os.open(".", os.O_PATH | os.O_DIRECTORY))
        empty = os.open(os.devnull, os.O_RDONLY)
        os.dup2(empty, 0)
        self._standard = [high(os.dup(descriptor)) for descriptor in (empty, 2, 2)]
        self._streams: list[IO[str]] = []
        self.restore()

    def restore(self) -> None:
        """Gives the process its working directory and its streams back, and cancels the alarm of an earlier call."""
        signal.alarm(0)
        os.fchdir(self._folder)
        for descriptor, kept in enumerate(self._standard):
            os.dup2(kept, descriptor)
        if not self._streams or any(stream.closed for stream in self._streams):
            self._streams = [
                open(descriptor, mode, buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
                for descriptor, mode in enumerate("rww")
            ]
        sys.stdin, sys.stdout, sys.stderr = self._streams


def high(descriptor: int) -> int:
    """A descriptor above LOWEST_DESCRIPTOR, which new programs do not inherit, in place of another one."""
    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, LOWEST_DESCRIPTOR)
    os.close(descriptor)
    return copy
