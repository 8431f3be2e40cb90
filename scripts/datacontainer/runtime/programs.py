"""The programs that stages call: found, run, and their errors made ours."""

import errno
import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from datacontainer.runtime.errors import DataContainerError, DataError, UsageError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.progress import log_packer_line


def run(
    command: Sequence[str | Path],
    title: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    descriptors: Sequence[int] = (),
) -> str:
    """The standard output of a command; its standard error goes to the log.

    Raises:
        DataContainerError: when it ends with another status than 0, with what it printed last.
    """
    logger.info("running %s", " ".join(repr(str(part)) for part in command))
    with (
        tempfile.TemporaryFile("w+", errors="backslashreplace") as printed,
        subprocess.Popen(
            [str(part) for part in command],
            env=environment,
            cwd=folder,
            pass_fds=descriptors,
            stdout=printed,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
        ) as process,
    ):
        told = _logged(process, progress_mark=f"{command[1]}: " if not title else None)
        status = process.wait()
        printed.seek(0)
        if status == 0:
            return printed.read()
    kind = {1: DataError, 2: UsageError}.get(status, DataContainerError) if not title else DataContainerError
    message = "".join(told if title else told[-1:]).strip()
    if title and os.strerror(errno.ENOSPC).lower() in message.lower():
        temporary = tempfile.gettempdir()
        message = f"the disk is full: {message}; free some space, there and in {temporary!r}, or set TMPDIR or outdir"
    raise kind(f"{title + ' failed: ' if title else ''}{message or f'exit status {status}'}")


def _logged(process: subprocess.Popen[str], progress_mark: str | None) -> list[str]:
    """The lines of a program's standard error, each logged when it comes; the marked ones tell how far it is."""
    lines = []
    try:
        for line in process.stderr or ():
            text = line.rstrip("\n")
            if progress_mark and text.startswith(progress_mark):
                log_packer_line(text.removeprefix(progress_mark))
            else:
                logger.info("%s", text)
            lines.append(line)
    except BaseException:
        process.terminate()
        raise
    return lines
