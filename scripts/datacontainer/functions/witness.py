"""Witness: a process that reports the activity of this process if this process ends without an error message."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from datacontainer.runtime.logs import open_for_errors

END = b"\n"
# Reads lines; prints the last one, unless it is empty.
_WITNESS = """\
import sys
line = b"\\n"
for line in sys.stdin.buffer:
    pass
if line != b"\\n":
    sys.stderr.buffer.write(sys.argv[1].encode() + b"error: the process ended while " + line)
"""


class Witness:
    """Sends the activity of this process to the witness."""

    def __init__(self, pipe: IO[bytes]) -> None:
        """pipe: the standard input of the witness."""
        self._pipe = pipe

    def note(self, activity: str) -> None:
        """Sends an activity, such as "doing this", which the witness prints if it is the last one."""
        self._pipe.write(activity.encode("ascii", "backslashreplace").replace(END, b" ") + END)


@contextmanager
def witness() -> Iterator[Witness]:
    """Prints an error if this process ends in the block by os._exit, by a signal, or because memory runs out.

    An exception ends the block without that error: whoever catches the exception prints it.
    """
    with open_for_errors() as (stderr, prefix):
        command = [sys.executable, "-I", "-S", "-c", _WITNESS, prefix]
        # A new session, as a signal to this process's group must not end the witness.
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=stderr, bufsize=0, start_new_session=True
        ) as process:
            assert process.stdin is not None
            try:
                yield Witness(process.stdin)
            finally:
                process.stdin.write(END)
