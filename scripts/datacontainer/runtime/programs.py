"""The programs that stages run, and the conversion of their failures into exceptions."""

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from datacontainer.runtime.environment import program_environment
from datacontainer.runtime.errors import DataContainerError, DataError, UsageError
from datacontainer.runtime.limits import ended, explained, not_started
from datacontainer.runtime.logs import logger
from datacontainer.runtime.progress import log_packer_line

# Of a command in the log: that of a batch contains three paths for each shard.
SHOWN_CHARACTERS = 4000

_running: set[subprocess.Popen[str]] = set()
_stopped = threading.Event()


def run(
    command: Sequence[str | Path],
    title: str,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    *,
    descriptors: Sequence[int] = (),
    handle: Callable[[str], None] | None = None,
) -> str:
    """Runs a command and returns its standard output; its standard error is written to the log.

    title: the program's name in messages; "" for the packer, whose messages and exit statuses are shown unchanged.
    environment: without it, `program_environment()`. handle: is called, in another thread, with each line of standard
    output when it is printed; then the result is empty.

    Raises:
        DataContainerError: if the exit status is not 0, with the standard error (of the packer, the last line).
    """
    logger.info("running %.*s", SHOWN_CHARACTERS, " ".join(repr(str(part)) for part in command))
    given = program_environment() if environment is None else environment
    printed: list[str] = []
    with _start(command, given, cwd=folder, pass_fds=descriptors) as process, ThreadPoolExecutor(1) as reader:
        reading = reader.submit(_each_line, process, handle or printed.append)
        lines = _log_lines(process, progress_mark=f"{command[1]}: " if not title else None)
        reading.result()
        status = process.wait()
    if status == 0:
        return "".join(printed)
    kind = {1: DataError, 2: UsageError}.get(status, DataContainerError) if not title else DataContainerError
    message = "".join(lines if title else lines[-1:]).strip() or ended(status)
    raise kind(f"{title + ' failed: ' if title else ''}{explained(message, cache=given.get('GOCACHE', ''))}")


def _start(command: Sequence[str | Path], environment: Mapping[str, str], **options: Any) -> subprocess.Popen[str]:
    words = [str(part) for part in command]
    try:
        return subprocess.Popen(
            words,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
            **options,
        )
    except OSError as error:
        raise DataContainerError(not_started(words[0], error)) from error


def _each_line(process: subprocess.Popen[str], handle: Callable[[str], None]) -> None:
    try:
        for line in process.stdout or ():
            handle(line)
    except BaseException:
        process.terminate()
        raise


def _log_lines(process: subprocess.Popen[str], progress_mark: str | None) -> list[str]:
    """Logs each line of a program's standard error when it is read; returns all. Lines with the mark are progress."""
    lines = []
    _running.add(process)
    # `terminate_all` knows only the programs of before.
    if _stopped.is_set():
        process.terminate()
    try:
        for line in process.stderr or ():
            text = line.rstrip("\n")
            if progress_mark and text.startswith(progress_mark):
                log_packer_line(text.removeprefix(progress_mark), process.pid)
            else:
                logger.info("%s", text)
            lines.append(line)
    except BaseException:
        process.terminate()
        raise
    finally:
        _running.discard(process)
    return lines


def terminate_all() -> None:
    """Ends the programs that other threads of this process run, and those that call `check_running`."""
    _stopped.set()
    for process in _running.copy():
        process.terminate()


def check_running() -> None:
    """Raises KeyboardInterrupt after terminate_all; for threads that wait for other programs than those of `run`."""
    if _stopped.is_set():
        raise KeyboardInterrupt
