"""A process that tells what this one was doing when it ended without a word of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

END = b"\n"
# Told nothing but lines, it says the last of them unless that is empty.
_WITNESS = """\
import sys
line = b"\\n"
for line in sys.stdin.buffer:
    pass
if line != b"\\n":
    sys.stderr.buffer.write(b"error: the process ended while " + line)
"""


class Witness:
    """Is told what is being done."""

    def __init__(self, pipe: IO[bytes]) -> None:
        """pipe: to the process that tells."""
        self._pipe = pipe

    def sees(self, what: str) -> None:
        """Notes what is being done from now on, as in "doing this": what is said if nothing else follows."""
        self._pipe.write(what.encode("ascii", "backslashreplace").replace(END, b" ") + END)


@contextmanager
def witness() -> Iterator[Witness]:
    """Tells on standard error when this process ends in the block: by os._exit, a signal, or for want of memory.

    An exception is not told: whoever raises it does.
    """
    command = [sys.executable, "-I", "-S", "-c", _WITNESS]
    # It must outlive what is sent to this process's group.
    with subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, start_new_session=True) as process:
        assert process.stdin is not None
        try:
            yield Witness(process.stdin)
        finally:
            process.stdin.write(END)
