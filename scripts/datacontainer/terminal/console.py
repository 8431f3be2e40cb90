"""Console: takes the place of Snakemake's output on the terminal in a run of this workflow alone.

Snakemake's own log file keeps all that Snakemake prints.
"""

import atexit
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, TextIO

from snakemake.logging import LogEvent

from datacontainer.runtime.channel import ADDRESS, Amount, Mailbox, Message
from datacontainer.runtime.limits import explained
from datacontainer.runtime.logs import escaped
from datacontainer.terminal.failures import Failures
from datacontainer.terminal.progressline import ProgressLine, title_of

DRAW_SECONDS = 0.25
# Snakemake's texts, which have no event of their own.
NOTHING_TO_DO, ON_REQUEST = "Nothing to be done", "Terminating processes on user request"
GRACEFUL = "Will exit after finishing currently running jobs"
# Errors that only announce the errors of jobs.
ANNOUNCEMENTS = ("At least one job did not complete successfully", "Exiting because a job execution failed")
# Its warnings are about guesses; terminal/slurm.py prints what happens to jobs.
SLURM_PLUGIN = "snakemake_executor_plugin_slurm"
RESTART = re.compile(r"Trying to restart job (\d+)")
NO_RULE = re.compile(r"MissingRuleException:\s+No rule to produce (.+?) \(if you use")
INTERRUPTED = "stopped: no partial results are left; run the same command again to continue"


def print_stop(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Prints one line for Ctrl-C instead of a trace: the hook for exceptions before a run has a console."""
    if issubclass(kind, KeyboardInterrupt):
        print("stopped before the first job; run the same command again", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


class Console(logging.Handler):
    """Prints messages, warnings, one line of progress and, as the last lines, the errors or a summary.

    plain: whether Snakemake prints as usual and this handler only adds the last lines. summary: returns the lines for
    a run that succeeded. whole: returns the files and bytes that the jobs of hash of a dataset handle in this run.
    targets: the names for the command line.
    """

    def __init__(
        self,
        snakemake: logging.Handler,
        *,
        plain: bool,
        messages: bool,
        summary: Callable[[], Iterable[str]],
        whole: Callable[[str], Amount],
        targets: Iterable[str],
        stream: TextIO,
    ) -> None:
        """snakemake: the handler to replace. messages: whether to print the rules' messages."""
        super().__init__()
        self.failures = Failures(time.time())
        self._snakemake, self._plain, self._messages = snakemake, plain, messages
        self._summary, self._whole, self._targets, self._stream = summary, whole, targets, stream
        self._line = ProgressLine(stream)
        self._mailbox: Mailbox
        self._printed: set[str] = set()
        self._running: dict[int, tuple[str, list[str]]] = {}
        self._active = self._stopped = False
        self._ended = threading.Event()
        self._lock = threading.RLock()

    def emit(self, record: logging.LogRecord) -> None:
        """Prints or keeps a log record of Snakemake; before the run starts, Snakemake's handler does."""
        event = getattr(record, "event", None)
        if event == LogEvent.WORKFLOW_STARTED:
            self._start()
        if self._plain or not self._active:
            self._snakemake.handle(record)
        if self._active:
            with self._lock:
                self._take(record, event)

    def print(self, text: str) -> None:
        """Prints a line above the progress line."""
        # The run continues without a reader of its output.
        with self._lock, suppress(BrokenPipeError):
            self._line.clear()
            self._stream.write(escaped(text) + "\n")
            self._stream.flush()

    def stop(self) -> None:
        """Prints the line for Ctrl-C as the last one."""
        self._stopped = True
        self._finish()

    def _take(self, record: logging.LogRecord, event: LogEvent | None) -> None:
        if event == LogEvent.JOB_INFO:
            self._take_job(record.__dict__)
        elif event == LogEvent.JOB_ERROR:
            self._take_failed_job(record.__dict__)
        elif event == LogEvent.JOB_FINISHED:
            self._running.pop(record.__dict__["job_id"], None)
        elif event == LogEvent.PROGRESS:
            self._line.step(record.__dict__["done"], record.__dict__["total"])
        elif record.levelno >= logging.ERROR:
            self._take_error(record.getMessage())
        elif record.levelno == logging.WARNING:
            if not self._plain and SLURM_PLUGIN not in record.pathname:
                self.print(record.getMessage())
        elif event is None:
            self._take_text(record.getMessage())

    def _take_job(self, values: Mapping[str, Any]) -> None:
        title = title_of(values["rule_name"], values["wildcards"])
        self._running[values["jobid"]] = title, values["log"]
        self.failures.forget_job(values["jobid"])
        text = values["rule_msg"]
        if not text or text in self._printed:
            return
        self._printed.add(text)
        if values["rule_name"] == "hash":
            self._line.start(title, self._whole(values["wildcards"]["dataset"]))
        else:
            self._line.start(title, Amount())
        if self._messages and not self._plain:
            self.print(text)

    def _take_failed_job(self, values: Mapping[str, Any]) -> None:
        title, _ = self._running.pop(values["jobid"], (values["rule_name"], []))
        self.failures.add_job(values["jobid"], title, values["log"], values["rule_msg"] or "")
        text = f"{values['rule_name']} failed; the error follows when the running jobs have ended"
        if self._running and text not in self._printed and not self._plain:
            self._printed.add(text)
            self.print(text)

    def _take_error(self, text: str) -> None:
        if "CalledProcessError" in text:
            self.failures.add_status(text)
        elif found := NO_RULE.search(text):
            self.failures.add_run(f"error: there is no target {found[1]!r}: use one of {', '.join(self._targets)}")
        elif not any(one in text for one in ANNOUNCEMENTS):
            self.failures.add_run(text if text.startswith("error:") else explained(text.strip()))

    def _take_text(self, text: str) -> None:
        if text.startswith(NOTHING_TO_DO) and not self._plain:
            self.print(text)
        elif text.startswith((ON_REQUEST, GRACEFUL)):
            self._stopped = True
        elif (found := RESTART.match(text)) and not self._plain:
            self.print(f"{self.failures.headline(int(found[1]))}; trying again")

    def _start(self) -> None:
        """Lets jobs send their progress, and starts the thread that draws the progress line."""
        self._active = True
        self._mailbox = Mailbox()
        os.environ[ADDRESS] = self._mailbox.address
        threading.Thread(target=self._draw, daemon=True).start()
        atexit.register(self._finish)
        sys.excepthook = self._uncaught

    def _draw(self) -> None:
        drawn = 0.0
        while not self._ended.is_set():
            message = self._mailbox.receive(DRAW_SECONDS)
            with self._lock, suppress(BrokenPipeError):
                self._take_message(message)
                if not self._plain and not self._ended.is_set() and time.monotonic() > drawn + DRAW_SECONDS:
                    drawn = time.monotonic()
                    self._line.draw()

    def _take_message(self, message: Message | None) -> None:
        if message and not message.title:
            self.print(message.line)
        elif message:
            self._line.update(message)
        if message and message.error:
            self.failures.add_run(message.error)

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Replaces the trace of Ctrl-C by one line."""
        if issubclass(kind, KeyboardInterrupt):
            self._stopped = True
        else:
            sys.__excepthook__(kind, error, trace)
            self.failures.add_run(f"error: {kind.__name__}: {error}")

    def _finish(self) -> None:
        """Prints the last lines of the run."""
        self._ended.set()
        with self._lock, suppress(BrokenPipeError):
            while message := self._mailbox.receive(0):
                self._take_message(message)
            self._mailbox.close()
            self._line.clear(typed=self._stopped)
            if self._stopped:
                lines: Iterable[str] = [INTERRUPTED]
            elif self.failures:
                self.failures.add_unfinished(self._running)
                lines = self.failures.lines()
            else:
                lines = self._summary()
            self._stream.write("".join(f"{escaped(line)}\n" for line in lines))
            self._stream.flush()
