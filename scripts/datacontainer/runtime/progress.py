"""Lines that say how far a long run has come: how much of how much, how fast, and how long it will take."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datacontainer.runtime.logs import progress

INTERVAL_SECONDS = 10
GIGABYTE, MEGABYTE = 10**9, 10**6


class Progress:
    """Counts bytes or files, and tells every INTERVAL_SECONDS."""

    def __init__(self, title: str, total: int, unit: str = "bytes") -> None:
        """title: what is read, as in "the layers"."""
        self._title, self._total, self._unit, self._count = title, total, unit, 0
        self._began = time.monotonic()
        self._next = self._began + INTERVAL_SECONDS

    def add(self, count: int) -> None:
        """Counts what was read."""
        self._count += count
        now = time.monotonic()
        if now >= self._next:
            self._next = now + INTERVAL_SECONDS
            tell(self._title, self._count, self._total, now - self._began, self._unit)


@contextmanager
def growing(title: str, path: Path, total_bytes: int) -> Iterator[None]:
    """Tells while the block lasts how much of a file, which need not be there yet, is written."""
    ended, began = threading.Event(), time.monotonic()

    def watch() -> None:
        while not ended.wait(INTERVAL_SECONDS):
            size_bytes = path.stat().st_size if path.exists() else 0
            tell(title, size_bytes, total_bytes, time.monotonic() - began)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def tell(title: str, count: int, total: int, seconds: float, unit: str = "bytes") -> None:
    """Tells how far it is after so many seconds."""
    rate = count / seconds
    if unit == "bytes":
        text = f"{count / GIGABYTE:.1f} of {total / GIGABYTE:.1f} GB, {rate / MEGABYTE:.0f} MB/s"
    else:
        text = f"{count} of {total} {unit}, {rate:.0f} per second"
    left = round((total - count) / rate) if 0 < count <= total else None
    rest = "" if left is None else f", {left // 60}:{left % 60:02d} left"
    progress.info("%s: %s%s", title, text, rest)
