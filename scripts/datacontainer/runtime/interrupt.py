"""Interrupt: Ctrl-C outside of the jobs of a run ends the process at once, with one line and without a trace."""

import os
import signal
from collections.abc import Callable

LINE = b"stopped before the first job; run the same command again\n"
AGAIN = b"interrupted: run the same command again\n"


def stop_at_ctrl_c(stop: Callable[[], object] = lambda: os.write(2, LINE), jobs: Callable[[], bool] = bool) -> None:
    """Makes Ctrl-C call `stop` and end this process, wherever it is; or raise KeyboardInterrupt, while jobs() is true.

    Before the jobs, an exception would be caught, or printed with its trace, in many places.
    """

    def handle(*_: object) -> None:
        if jobs():
            raise KeyboardInterrupt
        stop()
        # A shell that runs this process stops as well.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)

    signal.signal(signal.SIGINT, handle)


def stop_with_a_line() -> None:
    """Makes Ctrl-C end this process with one line."""
    stop_at_ctrl_c(lambda: os.write(2, AGAIN))
