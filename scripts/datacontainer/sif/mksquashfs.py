"""A compressed SquashFS, made by mksquashfs of a tar that it reads from a pipe."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from datacontainer.runtime.errors import DataContainerError, MissingToolError
from datacontainer.runtime.logs import logger

# The first that reads a tar.
OLDEST = (4, 5)
# The measurements are in docs/decisions/0010-compression.md.
LEVELS = {"gzip": 6, "zstd": 3}
# Without -exit-on-error, what cannot be read becomes an empty file. -exports and -root-mode make 4.5 and later versions
# give the same bytes. Left to itself, it takes a quarter of the machine's memory.
FORM = ("-tar", "-noappend", "-exit-on-error", "-exports", "-no-xattrs", "-all-root", "-root-mode", "755")
TIMES = ("-mkfs-time", "0", "-all-time", "0")
OPTIONS = (*FORM, *TIMES, "-mem", "256M", "-no-progress", "-quiet")
# Each layer has the folders that its files are in, and all texts are taken as bytes in any case.
HARMLESS = re.compile(r" already exists in the tar file, ignoring!?$|^Unrecognised keyword \"hdrcharset\"")


def find_mksquashfs(compression: str) -> str:
    """The path of mksquashfs, of a version that reads a tar.

    Raises:
        MissingToolError: when there is none, or an older one.
    """
    found = shutil.which("mksquashfs")
    if found is None:
        raise _missing(compression, "is not on PATH")
    done = subprocess.run([found, "-version"], capture_output=True, text=True, errors="replace", check=False)
    version = re.search(r"version (\d+)\.(\d+)", done.stdout)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        line = (done.stdout or done.stderr).partition("\n")[0]
        raise _missing(compression, f"at {found!r} is too old, or not what it should be: it says {line!r}")
    logger.info("%s: %s", found, version[0])
    return found


def write_compressed(image: Path, offset: int, compression: str, threads: int, tar: Iterable[bytes]) -> int:
    """Writes a SquashFS of the tar into the image, from offset to its end; gives its size. What was before is lost.

    Raises:
        MissingToolError: without mksquashfs.
        DataContainerError: with what it printed when it failed; and whatever reading the tar raises.
    """
    program = find_mksquashfs(compression)
    chosen = ["-comp", compression, "-Xcompression-level", str(LEVELS[compression]), "-processors", str(threads)]
    command = [program, "-", str(image), *OPTIONS, *chosen, "-offset", str(offset)]
    # It refuses this variable beside -mkfs-time.
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    logger.info("running %s", " ".join(map(repr, command)))
    with tempfile.TemporaryFile("w+", errors="backslashreplace") as printed:
        status = _feed(command, environment, tar, printed)
        printed.seek(0)
        lines = [line.strip() for line in printed if not HARMLESS.search(line.rstrip())]
    for line in filter(None, lines):
        logger.info("%s", line)
    if status != 0:
        told = " ".join(lines).strip() or f"exit status {status}"
        raise DataContainerError(f"mksquashfs failed: {told}; compression {compression!r} of the SIF needs it")
    return image.stat().st_size - offset


def _feed(command: list[str], environment: dict[str, str], tar: Iterable[bytes], printed: IO[str]) -> int:
    """Runs the command with the tar as its input; gives its exit status. It does not outlive a failure of the tar."""
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=printed
    )
    try:
        with process:
            _write_all(process, tar)
    except BrokenPipeError as error:
        # What it printed, and its status, say why it ended.
        if process.returncode == 0:
            raise DataContainerError("mksquashfs ended before the layers did: run snakemake again") from error
    return process.returncode


def _write_all(process: subprocess.Popen[bytes], tar: Iterable[bytes]) -> None:
    try:
        for piece in tar:
            if process.stdin:
                process.stdin.write(piece)
    except BrokenPipeError:
        raise
    except BaseException:
        process.kill()
        raise


def _missing(compression: str, what: str) -> MissingToolError:
    return MissingToolError(
        f"mksquashfs {what}, and a SIF with compression: {compression} is made by version 4.5 or later: install the "
        "package squashfs-tools, or set compression: none"
    )
