"""Interrupt: Ctrl-C before the first job of a run ends the process at once, with one line and without a trace."""

import os
import signal
import sys
from contextlib import suppress

BEFORE_JOBS = "stopped before the first job; run the same command again"


def stop_at_ctrl_c() -> None:
    """Makes Ctrl-C end this process at once, wherever it is; an exception would be caught or printed in many places."""
    signal.signal(signal.SIGINT, _stop)


def end_interrupted() -> None:
    """Ends this process as Ctrl-C does, so that a shell that runs it stops as well."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def _stop(*_: object) -> None:
    with suppress(OSError):
        os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, f"{BEFORE_JOBS}\n".encode())
    end_interrupted()
