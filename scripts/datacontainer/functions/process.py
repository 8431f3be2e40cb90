"""Process: calls users' functions in another process, whose end is an error of the function that ended it."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

from datacontainer.functions.files import changed
from datacontainer.functions.reasons import recorded_name
from datacontainer.functions.work import CHANGED, FAILED, PEAK, PIPE_CLOSED, STEP, UNLOADED, Work
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import logger, printed
from datacontainer.runtime.programs import check_running

WORKER = Path(__file__).with_name("worker.py")
BLOCK_BYTES = 1 << 16
# A process that no longer exists, and whose pipe another process holds open, is noticed after this time.
POLL_SECONDS = 1.0
# Time for a function's threads, pools and temporary files to end.
ENDING_SECONDS = 5.0
# After so many ends of its process, a function is not called for the other files: each end may take minutes.
MOST_ENDS = 10
REMEDY = "correct the function, exclude the files with `exclude`, or set `on_error` to record"


class FunctionError(UsageError):
    """A user's function failed on one file, or returned a wrong value for it.

    spec: the function, as in the configuration. subject: the quoted name of the file. problem: the error. trace: that
    of the user's code; "" if there is none, or for later failures of the same function. reason: the error as the
    catalog records it.
    """

    def __init__(self, spec: str, subject: str, problem: str, trace: str = "", reason: str = "") -> None:
        """See the class."""
        super().__init__(f"the metadata function {spec!r} failed on {subject}: {problem}")
        self.spec, self.subject, self.problem, self.trace = spec, subject, problem, trace
        self.reason = f"{recorded_name(spec)}: {reason or problem}"


def call_functions(
    work: Work, listed: IO[bytes] | None, count: int, subject: Callable[[int], str], seconds: int | None
) -> Generator[str | FunctionError | None, None, None]:
    """Yields for each argument each failure, and then the fields that all functions return, as JSON.

    If a function ends its process, the fields are None, and another process is started for the next arguments, at most
    MOST_ENDS times. listed: the files, a list of ListedFile; count: the number of arguments. subject: the quoted name
    of the argument with a number, for errors. seconds: the limit for one call.

    Raises:
        DataError: if a function changed its file.
        UsageError: if a function cannot be loaded.
    """
    calls, ends, peak = _Calls(work, subject), 0, 0
    while calls.row < count and ends < MOST_ENDS:
        with closing(_Process(work._replace(first=calls.row), listed)) as process:
            calls.step = -len(work.functions)
            for message in process.messages():
                answer = calls.answer(message)
                process.limit = seconds if calls.step >= 0 else None
                if answer is not None:
                    yield answer
        peak = max(peak, process.peak_kilobytes)
        if calls.row < count:
            yield calls.failure(process.end)
            yield None
            calls.row, ends = calls.row + 1, ends + 1
    if peak:
        logger.info("the metadata functions used up to %d MB of memory", peak // 1024)


class _Calls:
    """The calls that were made. row: the number of arguments with fields. step: the function; below 0 while loading."""

    def __init__(self, work: Work, subject: Callable[[int], str]) -> None:
        """Nothing was called."""
        self._functions, self._subject = work.functions, subject
        self.row = self.step = 0

    def answer(self, message: bytes) -> str | FunctionError | None:
        """The fields or the failure that a message contains; None for a step."""
        kind, text = message[:1], message[1:]
        if kind == STEP:
            self.step += 1
            return None
        if kind == UNLOADED:
            raise UsageError(json.loads(text))
        if kind == CHANGED:
            number, difference = json.loads(text)
            when = f"the metadata function {self._functions[number]!r} read it"
            raise changed(self._subject(self.row), when, difference)
        if kind == FAILED:
            number, problem, trace, reason = json.loads(text)
            return FunctionError(self._functions[number], self._subject(self.row), problem, trace, reason)
        self.row, self.step = self.row + 1, 0
        return message.decode()

    def failure(self, end: str) -> FunctionError:
        """The error for the end of the process in the current step."""
        spec = self._functions[self.step]
        if self.step < 0:
            raise UsageError(f"the metadata function {spec!r} cannot be loaded: {end}")
        return FunctionError(spec, self._subject(self.row), end)


class _Process:
    """A process that calls functions. limit: the time for its next message, in seconds. end: how it ended.

    peak_kilobytes: the most memory that it used; 0 if it ended before it was done.
    """

    def __init__(self, work: Work, listed: IO[bytes] | None) -> None:
        """Starts the process."""
        if listed:
            listed.seek(0)
        self._pipe, results = os.pipe()
        self._output, output = os.pipe()
        self._begun = b""
        work = work._replace(results=results, parent=os.getpid(), search=sys.path)
        try:
            # In a session of its own, Ctrl-C reaches only this process, which then ends all processes of the session.
            self._process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", WORKER, work.encode()],
                stdin=listed or subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(results,),
                start_new_session=True,
            )
        finally:
            os.close(results)
            os.close(output)
        self._poll = select.poll()
        self._poll.register(self._pipe, select.POLLIN)
        self._poll.register(self._output, select.POLLIN)
        self._closed, self.peak_kilobytes = False, 0
        self.limit: int | None = None
        self.end = ""

    def messages(self) -> Iterator[bytes]:
        """Yields the messages of the process until it ends or exceeds the limit."""
        parts: list[bytes] = []
        while block := self._read():
            first, *others = block.split(b"\n")
            parts.append(first)
            for other in others:
                message, parts = b"".join(parts), [other]
                if message[:1] == PEAK:
                    self.peak_kilobytes, self._closed = int(message[1:]), True
                    return
                yield message

    def close(self) -> None:
        """Ends the process and those that it started; logs the end of what it printed; sets `end`."""
        self._poll.unregister(self._pipe)
        os.close(self._pipe)
        if self._closed:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(ENDING_SECONDS)
        ended = self._process.returncode is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        status = self._process.wait()
        self._ready(0)
        os.close(self._output)
        if self._begun:
            printed([self._begun])
        self.end = self.end or _end(status if ended else PIPE_CLOSED)

    def _read(self) -> bytes:
        """The next bytes; b"" if the process ended, or if it exceeded the limit."""
        began = time.monotonic()
        check_running()
        while not self._ready(min(POLL_SECONDS, self.limit or POLL_SECONDS)):
            check_running()
            # Another process may hold the pipe open.
            self._closed = self._process.poll() is not None
            if self._closed and not self._ready(0):
                return b""
            if self.limit and time.monotonic() - began >= self.limit:
                self.end = f"it did not return within {self.limit} s: raise `function_seconds` if it needs more time"
                return b""
        block = os.read(self._pipe, BLOCK_BYTES)
        self._closed = not block
        return block

    def _ready(self, seconds: float) -> bool:
        """Whether a message arrives within the seconds, or until the process prints; then logs the printed lines."""
        found = {descriptor for descriptor, _ in self._poll.poll(1000 * seconds)}
        # Messages first: the log gets many lines at once.
        if self._pipe in found or self._output not in found:
            return self._pipe in found
        block = os.read(self._output, BLOCK_BYTES)
        *lines, self._begun = (self._begun + block).split(b"\n")
        if len(self._begun) > BLOCK_BYTES:
            lines, self._begun = [*lines, self._begun], b""
        if lines:
            printed(lines)
        if not block:
            self._poll.unregister(self._output)
        return False


def _end(status: int) -> str:
    """The end of a process with an exit status, or with the negative number of a signal."""
    if status == PIPE_CLOSED:
        return "it closed the files of its process"
    if status == -signal.SIGKILL:
        return "its process was killed (SIGKILL); if memory ran out, raise the resource mem_mb of this job"
    if status < 0:
        return f"its process was ended by the signal {signal.Signals(-status).name}"
    return f"it ended its process (exit status {status}); it must return or raise an exception"
