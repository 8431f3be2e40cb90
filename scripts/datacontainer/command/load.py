"""Load: the image of a dataset into Docker or podman, from the layout, without an archive on the disk."""

import argparse
import logging
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from datacontainer.config.results import Results
from datacontainer.image.archive import write_archive
from datacontainer.runtime.channel import Message
from datacontainer.runtime.errors import DataContainerError, MissingToolError, UsageError
from datacontainer.runtime.logs import logger, one_line, progress
from datacontainer.terminal.progressline import ProgressLine

ENGINES = ("docker", "podman")


def load(given: argparse.Namespace) -> int:
    """Loads the image of a dataset and prints the name that the engine gives it; returns 0.

    Raises:
        UsageError: if the layout is not built.
        MissingToolError: if the engine is not installed.
        DataContainerError: if the engine fails, with its last line.
    """
    layout = Results(Path(given.outdir, given.dataset)).layout
    if not (layout / "index.json").is_file():
        raise UsageError(
            f"there is no image layout {str(layout)!r}: build it with `snakemake oci` or `datacontainer pack FOLDER`, "
            "or name the folder of the results with --outdir"
        )
    command = [_engine(given.engine), "load"]
    line = _Line(f"load {given.dataset}")
    progress.addHandler(line)
    logger.setLevel(logging.INFO)
    with tempfile.TemporaryFile("w+", errors="backslashreplace") as printed, tempfile.TemporaryFile("w+") as errors:
        try:
            status = _feed(command, layout, printed, errors)
        except OSError as error:
            raise DataContainerError(f"loading the image: {one_line(error)}; run the same command again") from error
        finally:
            line.close()
        if status != 0:
            raise DataContainerError(f"{' '.join(command)} failed: {_last_line(errors) or f'exit status {status}'}")
        print(_last_line(printed))
    return 0


class _Line(logging.Handler):
    """Shows progress records as one line on standard error."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title, self._line = title, ProgressLine(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self._line.update(Message("", self._title, vars(record)["amount"]))
        self._line.draw()

    def close(self) -> None:
        self._line.clear()
        super().close()


def _engine(name: str | None) -> str:
    """The name of the engine to call: the given one, or the first that is installed."""
    found = [one for one in ([name] if name else ENGINES) if shutil.which(one)]
    if not found:
        missing = (
            f"{name} is not on PATH: install it, or choose another --engine"
            if name
            else ("neither docker nor podman is on PATH: install one of them")
        )
        raise MissingToolError(missing)
    return found[0]


def _feed(command: list[str], layout: Path, printed: IO[str], errors: IO[str]) -> int:
    """Runs the command with the layout as a tar as its input; returns its exit status."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=printed, stderr=errors)
    # A command that ends early explains it in its errors.
    with suppress(BrokenPipeError), process:
        try:
            if process.stdin:
                write_archive(layout, process.stdin)
        except BrokenPipeError:
            raise
        except BaseException:
            # The engine must not take a part of the tar for the image.
            process.kill()
            raise
    return process.wait()


def _last_line(text: IO[str]) -> str:
    text.seek(0)
    lines = text.read().split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
