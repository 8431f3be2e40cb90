"""What a stage tells: a log with everything in it, and lines for the person at the terminal."""

import logging
import platform
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from datacontainer import __version__
from datacontainer.runtime.errors import DataContainerError

logger = logging.getLogger("datacontainer")
# Its lines reach a terminal besides the log.
progress = logging.getLogger("datacontainer.progress")

# Many jobs may share the terminal.
TERMINAL_SECONDS = 30
ERROR_MARK = " error: "
LIBRARIES = ("numpy", "pyarrow", "pandas", "jinja2")
SHOWN_INPUTS, SHOWN_CHARACTERS = 5, 300
# What the stage that runs has said it did.
_done: list[str] = []


class LogFile(logging.FileHandler):
    """A log that a full disk does not keep from going on: the stage's own error says it."""

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
    """Logs the block to the file `log`; an error becomes one line on stderr, its trace goes to the log.

    The log begins with versions, inputs and parameters, and ends with what was done, the time and the memory it
    took, or with the error.

    Raises:
        SystemExit: with the error's exit status, after an error of any kind.
    """
    began = time.monotonic()
    try:
        with _handlers(log, title):
            _log_beginning(inputs, parameters or {})
            with _logged_error(title):
                yield
            logger.info("%s: done: %s", title, ", ".join([*_done, *_used(time.monotonic() - began)]))
    finally:
        _done.clear()


def finished(files: int, size_bytes: int) -> None:
    """Has the stage's last line say that it did so many files and bytes."""
    _done[:] = [f"{files} files", f"{size_bytes} bytes"]


def last_error(log: Path) -> str | None:
    """The line with which a stage that failed ended its log, as its terminal showed it; None in any other log."""
    lines = log.read_text(errors="backslashreplace").splitlines() if log.is_file() else []
    found = lines[-1].find(ERROR_MARK) if lines else -1
    return None if found < 0 else lines[-1][found:].strip()


def warn(text: str) -> None:
    """Tells the person at the terminal, and the log."""
    logger.warning("%s", text)
    print(f"warning: {text}", file=sys.stderr)


def one_line(error: BaseException) -> str:
    """What the error says, in one line that prints everywhere."""
    text = str(error) if isinstance(error, (DataContainerError, OSError)) else repr(error)
    if isinstance(error, OSError) and error.errno == 28:
        text = f"the disk is full: {text}; free some space or set outdir to another disk, and run snakemake again"
    return " ".join(text.split()).encode("ascii", "backslashreplace").decode() or repr(error)


@contextmanager
def _handlers(log: Path | str, title: str) -> Iterator[None]:
    """Sends what is logged to the file and, of the progress, some to a terminal."""
    file = LogFile(log, mode="w", encoding="utf-8", errors="backslashreplace")
    file.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setFormatter(logging.Formatter(f"{title}: %(message)s"))
    terminal.addFilter(_Seldom())
    logger.setLevel(logging.INFO)
    logger.addHandler(file)
    if sys.stderr.isatty():
        progress.addHandler(terminal)
    try:
        yield
    finally:
        logger.removeHandler(file)
        progress.removeHandler(terminal)
        file.close()


class _Seldom(logging.Filter):
    """Lets a line pass, and others only when TERMINAL_SECONDS are over."""

    _next = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.created < self._next:
            return False
        self._next = record.created + TERMINAL_SECONDS
        return True


@contextmanager
def _logged_error(title: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        logger.error("%s: stopped by Ctrl-C", title)
        print(f"stopped: {title}: nothing half done is left; run snakemake again", file=sys.stderr)
        raise SystemExit(128 + signal.SIGINT) from None
    except Exception as error:
        logger.error("%s", traceback.format_exc())
        line = f"error: {title}: {one_line(error)}"
        logger.error("%s", line)
        print(line, file=sys.stderr)
        raise SystemExit(getattr(error, "exit_status", 1)) from error


def _log_beginning(inputs: Iterable[str], parameters: Mapping[str, object]) -> None:
    libraries = [f"{name} {version(name)}" for name in LIBRARIES if name in sys.modules]
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


def _used(seconds: float) -> list[str]:
    """The time, and the most memory that this process or one that it started has had."""
    most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return [f"{seconds:.1f} s", f"{most // 1024} MB of memory"]
