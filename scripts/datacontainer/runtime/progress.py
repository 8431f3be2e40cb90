"""Progress of a long job: the finished part, the rate, and the remaining time."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datacontainer.runtime.channel import Amount
from datacontainer.runtime.logs import progress

INTERVAL_SECONDS = 1.0
UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
# A line of the packer, such as "3 of 10 files, 1.2 MB of 3.4 GB, 300.0 MB/s, 11s left", or "3 files, 100 per second".
PACKER_LINE = re.compile(r"(\d+)(?: of (\d+))? files(?:, ([\d.]+ \w*B) of ([\d.]+ \w*B))?")

# The latest amount of each packer of this process.
_amounts: dict[int, Amount] = {}


class Progress:
    """Counts bytes or files, and logs the count every INTERVAL_SECONDS."""

    def __init__(self, title: str, total: int, unit: str = "bytes") -> None:
        """title: the thing that is read, such as "the layers"."""
        self._title, self._total, self._unit, self._count = title, total, unit, 0
        self._began = time.monotonic()
        self._next = self._began + INTERVAL_SECONDS

    def add(self, count: int) -> None:
        """Counts what was read."""
        self._count += count
        now = time.monotonic()
        if now >= self._next:
            self._next = now + INTERVAL_SECONDS
            log_progress(self._title, self._count, self._total, now - self._began, self._unit)


@contextmanager
def growing(title: str, path: Path, total_bytes: int) -> Iterator[None]:
    """Logs, until the block ends, how much of a file is written; the file may not exist yet."""
    ended, began = threading.Event(), time.monotonic()

    def watch() -> None:
        while not ended.wait(INTERVAL_SECONDS):
            size_bytes = path.stat().st_size if path.exists() else 0
            log_progress(title, size_bytes, total_bytes, time.monotonic() - began)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def log_progress(title: str, count: int, total: int, seconds: float, unit: str = "bytes") -> None:
    """Logs the count after a number of seconds."""
    amount = Amount(0, 0, count, total) if unit == "bytes" else Amount(count, total)
    progress.info("%s: %s", title, described(amount, seconds), extra={"amount": amount})


def log_packer_line(text: str, process: int = 0) -> None:
    """Logs a progress line of the packer, with the amount of all packers of this stage together."""
    found = PACKER_LINE.search(text)
    files, all_files, done, whole = found.groups() if found else (None,) * 4
    _amounts[process] = Amount(int(files or 0), int(all_files or 0), _bytes(done), _bytes(whole))
    amount = Amount(*map(sum, zip(*_amounts.copy().values(), strict=True)))
    progress.info("%s", text, extra={"amount": amount})


def described(amount: Amount, seconds: float) -> str:
    """The amount, the rate and the remaining time: "3 of 5 files, 1.2 GB of 3.0 GB, 40.0 MB/s, 0:45 left"."""
    parts = []
    if amount.files or amount.all_files:
        parts.append(f"{_of(f'{amount.files:,}', amount.all_files and f'{amount.all_files:,}')} files")
    if amount.size_bytes or amount.all_bytes:
        parts.append(_of(size(amount.size_bytes), amount.all_bytes and size(amount.all_bytes)))
    in_bytes = bool(amount.all_bytes)
    count, total = (amount.size_bytes, amount.all_bytes) if in_bytes else (amount.files, amount.all_files)
    rate = count / seconds if seconds else 0
    parts.append(f"{size(round(rate))}/s" if in_bytes else f"{rate:,.0f} per second")
    if rate and 0 < count <= total:
        left = round((total - count) / rate)
        parts.append(f"{left // 60}:{left % 60:02d} left")
    return ", ".join(parts)


def size(size_bytes: int) -> str:
    """Bytes in the largest decimal unit: "999 B", "1.2 MB"."""
    value, unit = float(size_bytes), 0
    while value >= 999.95 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {UNITS[unit]}" if unit else f"{size_bytes} B"


def _of(done: str, whole: str | int) -> str:
    return f"{done} of {whole}" if whole else done


def _bytes(text: str | None) -> int:
    """The number that the packer wrote as "1.2 MB"; 0 if there is none."""
    number, _, unit = (text or "0 B").partition(" ")
    return round(float(number) * 1000 ** UNITS.index(unit)) if unit in UNITS else 0
