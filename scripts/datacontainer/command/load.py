"""Load: sends the image layout of a dataset to Docker or podman, without an archive on the disk."""

import argparse
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

from datacontainer.config.results import Results
from datacontainer.image.archive import write_archive
from datacontainer.runtime.errors import DataContainerError, MissingToolError, UsageError
from datacontainer.runtime.logs import one_line
from datacontainer.terminal.progressline import shown_progress


def load(given: argparse.Namespace) -> int:
    """Loads the image of a dataset and prints the name that the engine gives it; returns 0.

    Raises:
        UsageError: if the layout is not built.
        MissingToolError: if the engine is not installed.
        DataContainerError: if the engine fails, with the last line that it printed.
    """
    layout = Results(Path(given.outdir, given.dataset)).layout
    if not (layout / "index.json").is_file():
        raise UsageError(
            f"there is no image layout {str(layout)!r}: build it with `snakemake oci` or `datacontainer pack FOLDER`, "
            "or name the folder of the results with --outdir"
        )
    engine = _engine(given.engine)
    with shown_progress(f"load {given.dataset}"), tempfile.TemporaryFile("w+", errors="backslashreplace") as printed:
        try:
            status = _feed([engine, "load"], layout, printed)
        except OSError as error:
            raise DataContainerError(f"loading the image: {one_line(error)}; run the same command again") from error
        printed.seek(0)
        *_, last = ["", *filter(None, map(str.strip, printed))]
    if status != 0:
        raise DataContainerError(f"{engine} load failed: {last or f'exit status {status}'}")
    print(last)
    return 0


def _engine(name: str | None) -> str:
    """The given engine, or the first that is installed."""
    names = [name] if name else ["docker", "podman"]
    for one in names:
        if shutil.which(one):
            return one
    raise MissingToolError(f"no {' or '.join(names)} on PATH: install it, or choose another --engine")


def _feed(command: list[str], layout: Path, printed: IO[str]) -> int:
    """Runs the command with the layout as a tar as its input; returns its exit status."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=printed, stderr=printed)
    # A command that ends early prints the reason.
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
