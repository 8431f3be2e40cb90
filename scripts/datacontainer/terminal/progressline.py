"""Progress line: the last line of the terminal, which shows how far the running stage is."""

import logging
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from datacontainer.runtime.channel import Amount, Message
from datacontainer.runtime.logs import logger, progress
from datacontainer.runtime.progress import described

CLEAR = "\r\x1b[K"
# Without a terminal, the line is printed as often as this.
LINE_SECONDS = 60


@dataclass
class _Work:
    """The jobs of one stage of one dataset. whole: all that they do together, if it is known."""

    began: float
    whole: Amount = field(default_factory=Amount)
    done: Amount = field(default_factory=Amount)
    running: dict[str, Amount] = field(default_factory=dict)

    def amount(self) -> Amount:
        parts = [self.done, *self.running.values()]
        files, all_files, size_bytes, all_bytes = map(sum, zip(*parts, strict=True))
        known = self.whole if self.whole.all_files else Amount(0, all_files, 0, all_bytes)
        return Amount(files, known.all_files, size_bytes, known.all_bytes)


class ProgressLine:
    """Collects the progress of jobs and draws one line; not safe to use from several threads at once."""

    def __init__(self, stream: TextIO) -> None:
        """stream: the terminal, or a file, which gets a line once a minute."""
        self._stream, self._terminal = stream, stream.isatty()
        self._works: dict[str, _Work] = {}
        self._latest = ""
        self._steps = ""
        self._drawn = False
        self._next_line = time.monotonic() + LINE_SECONDS

    def start(self, title: str, whole: Amount) -> None:
        """Begins to show a stage, such as "hash fruit". whole: all its jobs together."""
        self._latest = title
        self._works[title] = _Work(time.monotonic(), whole)

    def update(self, message: Message) -> None:
        """Takes the progress of a job."""
        work = self._works.setdefault(message.title, _Work(time.monotonic()))
        if message.done:
            work.running.pop(message.job, None)
            work.done = Amount(*(a + b for a, b in zip(work.done, message.amount, strict=True)))
        else:
            self._latest = message.title
            work.running[message.job] = message.amount

    def step(self, done: int, total: int) -> None:
        """Takes the number of finished jobs and of all jobs."""
        self._steps = f"[{done}/{total}] "

    def draw(self) -> None:
        """Draws the line again; without a terminal, prints it once a minute."""
        text = self.text()
        now = time.monotonic()
        if self._terminal:
            width = shutil.get_terminal_size().columns
            self._stream.write(CLEAR + text[: width - 1])
            self._stream.flush()
            self._drawn = True
        elif text and now >= self._next_line:
            self._next_line = now + LINE_SECONDS
            self._stream.write(text + "\n")
            self._stream.flush()

    def clear(self, *, typed: bool = False) -> None:
        """Removes the line from the terminal. typed: whether the user typed something, such as ^C, which it shows."""
        if self._drawn or (typed and self._terminal):
            self._stream.write(CLEAR)
            self._stream.flush()
            self._drawn = False

    def text(self) -> str:
        """The line: "[5/11] hash fruit: 3 of 5 files, 1.2 GB of 3.0 GB, 40.0 MB/s, 0:45 left"."""
        work = self._works.get(self._latest)
        if work is None:
            return ""
        seconds = time.monotonic() - work.began
        amount = work.amount()
        known = any(amount)
        return f"{self._steps}{self._latest}: {described(amount, seconds) if known else _elapsed(seconds)}"


def _elapsed(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


@contextmanager
def shown_progress(title: str) -> Iterator[None]:
    """Shows progress records of the block as one line, if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    line = logging.StreamHandler()
    line.setFormatter(logging.Formatter(f"{CLEAR}{title}: %(message)s"))
    line.terminator = ""
    progress.addHandler(line)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        progress.removeHandler(line)
        print(CLEAR, end="", file=sys.stderr)


def title_of(rule: str, wildcards: Mapping[str, str]) -> str:
    """The title that a job uses in its messages: the first word of its rule, and its dataset."""
    if rule == "compile_packer":
        return "compile the packer"
    return " ".join([rule.split("_", maxsplit=1)[0], *filter(None, [wildcards.get("dataset")])])
