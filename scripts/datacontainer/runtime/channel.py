"""Channel: how a job sends its progress to the run that started it, and learns that this run prints its errors."""

import json
import os
import socket
from contextlib import suppress
from typing import NamedTuple

# The environment variable with the path of the run's socket.
ADDRESS = "DATACONTAINER_CONSOLE"
MAXIMUM_ERROR = 2000


class Amount(NamedTuple):
    """The finished part of a job. all_files, all_bytes: the whole job; 0 if it is not known."""

    files: int = 0
    all_files: int = 0
    size_bytes: int = 0
    all_bytes: int = 0


class Message(NamedTuple):
    """The progress of one job.

    title: such as "hash fruit". done: whether it is the last message of the job. error: one that the job cannot log.
    """

    job: str
    title: str
    amount: Amount
    done: bool = False
    error: str = ""


def has_console() -> bool:
    """Whether this process is a job of a run that prints the errors and warnings of its jobs itself."""
    return ADDRESS in os.environ


def send(title: str, amount: Amount, *, done: bool = False, error: str = "") -> None:
    """Sends the progress of this process, if a run on this machine listens; drops it if the run is busy or gone."""
    if not has_console():
        return
    content = json.dumps(Message(str(os.getpid()), title, amount, done, error[:MAXIMUM_ERROR])).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, suppress(OSError):
        channel.setblocking(False)
        channel.sendto(content, os.environ[ADDRESS])


def received(content: bytes) -> Message | None:
    """The message that `send` sent; None for anything else."""
    try:
        job, title, amount, done, error = json.loads(content)
        return Message(str(job), str(title), Amount(*map(int, amount)), bool(done), str(error))
    except (ValueError, TypeError):
        return None
