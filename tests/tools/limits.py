"""A time limit on each program that a test starts; it kills the program and all programs that it started."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from weakref import WeakKeyDictionary

import psutil

# Less than pytest's `timeout`, so that the test that waits fails with the output of the program.
SECONDS = 500
TICK_SECONDS = 0.5

_limits: list[float | None] = [SECONDS]
_ends: WeakKeyDictionary[subprocess.Popen, tuple[float, float]] = WeakKeyDictionary()


@contextmanager
def limit(seconds: float | None) -> Iterator[None]:
    """Programs that start in the block have this limit; None: no limit, for servers of the whole session."""
    _limits.append(seconds)
    try:
        yield
    finally:
        _limits.pop()


def watch(process: subprocess.Popen) -> None:
    """From now on, the process has the current limit."""
    if _limits[-1] is not None:
        _ends[process] = (time.monotonic() + _limits[-1], _limits[-1])


@contextmanager
def limited() -> Iterator[None]:
    """Watches each program that this process starts in the block, those of the product too."""
    start = subprocess.Popen.__init__

    def start_limited(self: subprocess.Popen, *arguments: object, **options: object) -> None:
        start(self, *arguments, **options)
        watch(self)

    threading.Thread(target=_kill_late, daemon=True).start()
    subprocess.Popen.__init__ = start_limited  # type: ignore[method-assign]
    try:
        yield
    finally:
        subprocess.Popen.__init__ = start  # type: ignore[method-assign]


def _kill_late() -> None:
    while True:
        time.sleep(TICK_SECONDS)
        for process, (end, seconds) in list(_ends.items()):
            if process.returncode is not None:
                _ends.pop(process, None)
            elif time.monotonic() > end:
                _ends.pop(process, None)
                _kill(process, seconds)


def _kill(process: subprocess.Popen, seconds: float) -> None:
    with suppress(psutil.NoSuchProcess):
        first = psutil.Process(process.pid)
        started = first.children(recursive=True)
        # A zombie ended, and no process waited for it.
        if started or first.status() != psutil.STATUS_ZOMBIE:
            print(f"killed after {seconds} s (tests/tools/limits.py): {process.args}", file=sys.stderr)
        for one in [first, *started]:
            with suppress(psutil.NoSuchProcess):
                one.kill()
