"""Threads: work in several threads, which an error, Ctrl-C or SIGTERM ends."""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

CONNECTIONS = 8
# A thread may wait for a server for minutes: after this time, the process continues without it.
GRACE_SECONDS = 1.0
POLL_SECONDS = 0.1
Item = TypeVar("Item")


class Stopped(Exception):  # noqa: N818
    """The run was interrupted, or another thread failed."""


class Threads:
    """Threads of one run. stop: ends all of them. abandoned: whether one still waits after the run has ended."""

    def __init__(self) -> None:
        """Without threads."""
        self.stop, self.abandoned = threading.Event(), False

    def run(self, items: Iterable[Item], work: Callable[[Item], None]) -> None:
        """Calls `work` with each item; the first error ends all threads, and is raised.

        Raises:
            Stopped: if the run was interrupted.
        """
        waiting, lock, errors = iter(items), threading.Lock(), list[BaseException]()

        def loop() -> None:
            try:
                while not self.stop.is_set():
                    with lock:
                        item = next(waiting, None)
                    if item is None:
                        return
                    work(item)
            except BaseException as error:  # noqa: BLE001 (the caller's thread raises it)
                errors.append(error)
                self.stop.set()

        # The end of the process does not wait for daemon threads.
        threads = [threading.Thread(target=loop, daemon=True) for _ in range(CONNECTIONS)]
        for one in threads:
            one.start()
        self._join(threads)
        # Threads that another thread stopped raise Stopped.
        for error in sorted(errors, key=lambda one: isinstance(one, Stopped)):
            raise error
        if self.stop.is_set():
            raise Stopped

    def _join(self, threads: list[threading.Thread]) -> None:
        for one in threads:
            while one.is_alive() and not self.stop.is_set():
                one.join(POLL_SECONDS)
        deadline = time.monotonic() + GRACE_SECONDS
        for one in threads:
            one.join(max(0.0, deadline - time.monotonic()))
        self.abandoned |= any(one.is_alive() for one in threads)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Ctrl-C and SIGTERM end the threads of the block; a second one ends the process."""

        def end(number: int, _: object) -> None:
            self.stop.set()
            signal.signal(number, signal.SIG_DFL)

        # Python handles signals in the main thread; a program that calls this in another one has its own handlers.
        is_main = threading.current_thread() is threading.main_thread()
        numbers = (signal.SIGINT, signal.SIGTERM) if is_main else ()
        earlier = {one: signal.signal(one, end) for one in numbers}
        try:
            yield
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)
