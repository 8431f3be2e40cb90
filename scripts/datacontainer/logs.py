"""What a stage tells: a log with everything in it, and one line for the person at the terminal."""

import logging
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from datacontainer.errors import DataContainerError

logger = logging.getLogger("datacontainer")


class LogFile(logging.FileHandler):
    """A log that a full disk does not keep from going on: the stage's own error says it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: D102, N802
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)

    def close(self) -> None:  # noqa: D102
        with suppress(OSError):
            super().close()


@contextmanager
def stage(log: Path | str, title: str) -> Iterator[None]:
    """Logs the block to the file `log`; an error becomes one line on stderr, its trace goes to the log.

    Raises:
        SystemExit: with the error's exit status, after an error of any kind.
    """
    handler = LogFile(log, mode="w", encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        yield
    except KeyboardInterrupt:
        logger.error("%s: stopped by Ctrl-C", title)
        print(f"stopped: {title}: nothing half done is left; run snakemake again", file=sys.stderr)
        raise SystemExit(128 + signal.SIGINT) from None
    except Exception as error:
        logger.error("%s", traceback.format_exc())
        line = one_line(error)
        logger.error("%s: %s", title, line)
        print(f"error: {title}: {line}", file=sys.stderr)
        raise SystemExit(getattr(error, "exit_status", 1)) from error
    finally:
        logger.removeHandler(handler)
        handler.close()


def one_line(error: BaseException) -> str:
    """What the error says, in one line that prints everywhere."""
    text = str(error) if isinstance(error, (DataContainerError, OSError)) else repr(error)
    if isinstance(error, OSError) and error.errno == 28:
        text = f"the disk is full: {text}; free some space or set outdir to another disk, and run snakemake again"
    return " ".join(text.split()).encode("ascii", "backslashreplace").decode() or repr(error)
