"""Channel: how a job sends its progress to the run that started it, and learns that this run prints its errors."""

import json
import os
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from typing import NamedTuple

# The environment variable with the path of the run's socket.
ADDRESS = "DATACONTAINER_CONSOLE"
MAXIMUM_ERROR, MAXIMUM_MESSAGE_BYTES = 2000, 16_384


class Amount(NamedTuple):
    """The finished part of a job. all_files, all_bytes: the whole job; 0 if it is not known."""

    files: int = 0
    all_files: int = 0
    size_bytes: int = 0
    all_bytes: int = 0


class Message(NamedTuple):
    """The progress of one job.

    title: such as "hash fruit"; "" if there is only a line. done: whether it is the last message of the job. error: one
    that the job cannot log. line: one that a user's function printed.
    """

    job: str
    title: str
    amount: Amount
    done: bool = False
    error: str = ""
    line: str = ""


def has_console() -> bool:
    """Whether this process is a job of a run that prints the errors and warnings of its jobs itself."""
    return ADDRESS in os.environ


def send(title: str, amount: Amount, *, done: bool = False, error: str = "", line: str = "") -> bool:
    """Sends the progress of this process, if a run on this machine listens; returns whether it could send it."""
    if not has_console():
        return False
    content = json.dumps(
        Message(str(os.getpid()), title, amount, done, error[:MAXIMUM_ERROR], line[:MAXIMUM_ERROR])
    ).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, suppress(OSError):
        channel.setblocking(False)
        channel.sendto(content, os.environ[ADDRESS])
        return True
    return False


class Mailbox:
    """The socket of a run. Jobs send to `address`, the socket's path, which lacks a socket if none can be made."""

    def __init__(self) -> None:
        """Makes the socket in the folder for temporary files or, if the path is too long for a socket, in /tmp."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._folder = ""
        self.address = "none"
        for place in (None, "/tmp"):
            with suppress(OSError):
                self._folder = tempfile.mkdtemp(prefix="datacontainer-", dir=place)
                self._socket.bind(f"{self._folder}/progress")
                self.address = f"{self._folder}/progress"
                break
            self._remove()

    def receive(self, seconds: float) -> Message | None:
        """The next message; None if none arrives within a number of seconds."""
        if self.address == "none":
            time.sleep(seconds)
            return None
        try:
            self._socket.settimeout(seconds)
            return received(self._socket.recv(MAXIMUM_MESSAGE_BYTES))
        except OSError:
            # No message, or the run ended and closed the socket.
            return None

    def close(self) -> None:
        """Removes the socket."""
        self._socket.close()
        self._remove()

    def _remove(self) -> None:
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)


def received(content: bytes) -> Message | None:
    """The message that `send` sent; None for anything else."""
    try:
        job, title, amount, done, *texts = json.loads(content)
        return Message(str(job), str(title), Amount(*map(int, amount)), bool(done), *map(str, texts))
    except (ValueError, TypeError):
        return None
