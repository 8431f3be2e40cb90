"""The log of a stage, and the lines that a stage prints on the terminal."""

import logging
import os
import platform
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from datacontainer import __version__
from datacontainer.runtime.channel import Amount, has_console, send
from datacontainer.runtime.errors import DataContainerError
from datacontainer.runtime.limits import explained, peak_kilobytes
from datacontainer.runtime.resources import SNAKEMAKE_MB

logger = logging.getLogger("datacontainer")
# Without a handler, Python itself would print warnings, a second time.
logger.addHandler(logging.NullHandler())
# Its records have an `amount`, and go to the log, to the console of the run, or to a terminal.
progress = logging.getLogger("datacontainer.progress")

LOG_SECONDS = 10
# Many jobs may share the terminal.
TERMINAL_SECONDS = 30
ERROR_MARK, WARNING_MARK, NOTE_MARK = " error: ", " warning: ", " note: "
DETAIL_INDENT = "  "
LIBRARIES = ("numpy", "pyarrow", "jinja2")
SHOWN_INPUTS, SHOWN_CHARACTERS, SHOWN_PRINTED = 5, 300, 3
# The files and bytes of the stage that runs, as `finished` recorded them.
_done: list[Amount] = []
# The first lines that users' functions printed in the stage that runs.
_printed: list[str] = []


class LogFile(logging.FileHandler):
    """A log that ignores a full disk, as the stage itself then fails with an error that names the disk."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: D102, N802
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)

    def close(self) -> None:  # noqa: D102
        with suppress(OSError):
            super().close()


@contextmanager
def stage(
    log: Path | str, title: str, inputs: Iterable[str] = (), parameters: Mapping[str, object] | None = None
) -> Iterator[None]:
    """Logs the block to the file `log`; prints an error on stderr in a few lines, and logs its trace.

    The log begins with versions, inputs and parameters, and ends with the counts, the time and the memory of the
    stage, or with the error.

    Raises:
        SystemExit: with the error's exit status, after an error of any kind.
    """
    began = time.monotonic()
    # __main__ lets Ctrl-C end the process without a trace until the log is open.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _done.clear()
    _printed.clear()
    with _handlers(log, title):
        _log_beginning(inputs, parameters or {})
        with _logged_error(Path(log), title):
            yield
        done = [f"{one.files} files, {one.size_bytes} bytes" for one in _done]
        used = peak_kilobytes() // 1024
        done += [f"{time.monotonic() - began:.1f} s", f"{used} MB of memory"]
        logger.info("%s: done: %s (a job on a cluster: %d MB)", title, ", ".join(done), used + SNAKEMAKE_MB)
        send(title, _done[0] if _done else Amount(), done=True)


def finished(files: int, size_bytes: int) -> None:
    """Records the files and bytes of the stage for the last line of its log."""
    _done[:] = [Amount(files, files, size_bytes, size_bytes)]


def last_error(log: Path) -> str | None:
    """The error, of one or more lines, at the end of a stage's log, as `stage` printed it; None in any other log."""
    lines = log.read_text(errors="backslashreplace").splitlines() if log.is_file() else []
    first = len(lines) - 1
    while first > 0 and lines[first].startswith(DETAIL_INDENT):
        first -= 1
    found = lines[first].find(ERROR_MARK) if lines else -1
    return None if found < 0 else "\n".join([lines[first][found:].strip(), *lines[first + 1 :]])


def warnings_in(log: Path, mark: str = WARNING_MARK) -> list[str]:
    """The warnings in a stage's log, or the lines with another mark."""
    content = log.read_bytes() if log.is_file() else b""
    if mark.encode() not in content:
        return []
    lines = content.decode(errors="backslashreplace").splitlines()
    return [line.partition(mark)[2] for line in lines if mark in line]


def warn(text: str, mark: str = WARNING_MARK) -> None:
    """Logs a warning, and prints it, unless the console of the run prints it at the end."""
    line = mark.lstrip() + _printable(text)
    logger.warning("%s", line)
    if not has_console():
        print(line, file=sys.stderr)


def note(text: str) -> None:
    """Logs and prints, as `warn` does, what a user should know without any need to act."""
    warn(text, NOTE_MARK)


def notice(text: str) -> None:
    """Logs a result, and prints it, unless the console of the run prints a summary."""
    logger.info("%s", text)
    if not has_console():
        print(text, file=sys.stderr)


def printed(lines: Sequence[bytes]) -> None:
    """Logs lines that a user's function printed; shows the first of a stage, and that there are more."""
    texts = [line.decode(errors="backslashreplace") for line in lines]
    logger.info("printed: %s", "\nprinted: ".join(texts))
    for text in texts[: SHOWN_PRINTED + 1 - len(_printed)]:
        _printed.append(text)
        more = len(_printed) > SHOWN_PRINTED
        shown = f"the functions print more lines: see {_log_file()}" if more else text
        if has_console():
            send("", Amount(), line=shown)
        else:
            print(escaped(shown), file=sys.stderr)


def _log_file() -> str:
    names = [handler.baseFilename for handler in logger.handlers if isinstance(handler, LogFile)]
    return os.path.relpath(names[0]) if names else "the log"


def one_line(error: BaseException) -> str:
    """The error's text in one line of ASCII."""
    text = str(error) if isinstance(error, (DataContainerError, OSError)) else repr(error)
    if isinstance(error, OSError):
        text = explained(text, error.errno, path=os.fsdecode(error.filename or ""))
    elif isinstance(error, RuntimeError):
        text = explained(text)
    return _printable(text) or repr(error)


def error_text(title: str, error: BaseException) -> str:
    """The lines to print for an error: a headline, and the error's details, each indented."""
    details = [DETAIL_INDENT + _printable(one, keep_indent=True) for one in getattr(error, "details", ())]
    return "\n".join([f"error: {title}: {one_line(error)}", *details])


def _printable(text: str, *, keep_indent: bool = False) -> str:
    indent = len(text) - len(text.lstrip(" ")) if keep_indent else 0
    return " " * indent + escaped(" ".join(text.split()).encode("ascii", "backslashreplace").decode())


def escaped(text: str, kept: str = "\n\t") -> str:
    """The text with escapes in place of the characters that are not printable, except those in `kept`."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in kept else repr(one)[1:-1] for one in text)


@contextmanager
def _handlers(log: Path | str, title: str) -> Iterator[None]:
    """Sends log records to the file, and progress to the console of the run or, without one, to a terminal."""
    # A copy of the job that outlives its node adds lines to the same file.
    open(log, "wb").close()
    file = LogFile(log, encoding="utf-8", errors="backslashreplace")
    file.setFormatter(_Escaped("%(asctime)s %(message)s"))
    file.addFilter(_Seldom(LOG_SECONDS))
    logger.setLevel(logging.INFO)
    logger.addHandler(file)
    shown: logging.Handler | None = None
    if has_console():
        shown = _ToConsole(title)
    elif sys.stderr.isatty():
        shown = logging.StreamHandler(sys.stderr)
        shown.setFormatter(logging.Formatter(f"{title}: %(message)s"))
        shown.addFilter(_Seldom(TERMINAL_SECONDS))
    if shown:
        progress.addHandler(shown)
    try:
        yield
    finally:
        logger.removeHandler(file)
        if shown:
            progress.removeHandler(shown)
        file.close()


class _ToConsole(logging.Handler):
    """Sends the amounts of progress records to the console of the run."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def emit(self, record: logging.LogRecord) -> None:
        send(self._title, getattr(record, "amount", Amount()))


class _Escaped(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return escaped(super().format(record))


class _Seldom(logging.Filter):
    """Lets a progress record pass once in a number of seconds, and every other record."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._next = time.time() + min(seconds, LOG_SECONDS)

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != progress.name:
            return True
        if record.created < self._next:
            return False
        self._next = record.created + self._seconds
        return True


@contextmanager
def _logged_error(log: Path, title: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        logger.error("%s: stopped by Ctrl-C", title)
        if not has_console():
            print(f"stopped: {title}: no partial results are left; run the same command again", file=sys.stderr)
        raise SystemExit(128 + signal.SIGINT) from None
    except Exception as error:
        logger.error("%s", traceback.format_exc())
        text = error_text(title, error)
        logger.error("%s", text)
        # A full disk has no place for the log, and a job on another machine does not reach the console.
        if not has_console() or (last_error(log) != text and not send(title, Amount(), error=text)):
            print(text, file=sys.stderr)
        raise SystemExit(getattr(error, "exit_status", 1)) from error


def _log_beginning(inputs: Iterable[str], parameters: Mapping[str, object]) -> None:
    libraries = [f"{name} {sys.modules[name].__version__}" for name in LIBRARIES if name in sys.modules]
    logger.info(
        "%s on %s",
        ", ".join([f"datacontainer {__version__}", f"Python {platform.python_version()}", *libraries]),
        platform.node(),
    )
    paths = [repr(str(path)) for path in inputs]
    more = f" and {len(paths) - SHOWN_INPUTS} more" if len(paths) > SHOWN_INPUTS else ""
    logger.info("inputs: %s%s", ", ".join(paths[:SHOWN_INPUTS]) or "none", more)
    for name, value in parameters.items():
        logger.info("%s: %.*r", name, SHOWN_CHARACTERS, value)
