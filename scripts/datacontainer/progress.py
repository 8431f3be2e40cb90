"""Lines in the log that say how far a long reading has come."""

import time

from datacontainer.logs import logger

INTERVAL_SECONDS = 10
GIGABYTE = 10**9


class Progress:
    """Counts bytes, and logs a line each INTERVAL_SECONDS."""

    def __init__(self, title: str, total_bytes: int) -> None:
        """title: what is read, as in "the layers"."""
        self._title, self._total_bytes, self._read_bytes = title, total_bytes, 0
        self._next = time.monotonic() + INTERVAL_SECONDS

    def add(self, size_bytes: int) -> None:
        """Counts bytes that were read."""
        self._read_bytes += size_bytes
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + INTERVAL_SECONDS
            read, total = self._read_bytes / GIGABYTE, self._total_bytes / GIGABYTE
            logger.info("%s: %.1f of %.1f GB read", self._title, read, total)
