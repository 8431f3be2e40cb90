"""A compressed SquashFS, which mksquashfs writes from a tar in a pipe."""

import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from datacontainer.runtime.environment import program_environment
from datacontainer.runtime.errors import DataContainerError, MissingToolError
from datacontainer.runtime.limits import ended, explained
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import final_name
from datacontainer.sif.header import aligned

# The first version that reads a tar.
OLDEST = (4, 5)
# The first and the last of the fields that are read: magic and bytes_used.
SUPERBLOCK = struct.Struct("<4s36xQ")
# The measurements are in docs/decisions/0010-compression.md.
LEVELS = {"gzip": 6, "zstd": 3}
# Without -exit-on-error, mksquashfs writes unreadable files as empty files. -exports and -root-mode: version 4.5 and
# later versions write the same bytes. Without -mem, mksquashfs uses a quarter of the machine's memory.
TAR_OPTIONS = ("-tar", "-noappend", "-exit-on-error", "-exports", "-no-xattrs", "-all-root", "-root-mode", "755")
TIMES = ("-mkfs-time", "0", "-all-time", "0")
OPTIONS = (*TAR_OPTIONS, *TIMES, "-mem", "256M", "-no-progress", "-quiet")
# Each layer contains the parent folders of its files; mksquashfs always reads names as bytes.
HARMLESS = re.compile(r" already exists in the tar file, ignoring!?$|^Unrecognised keyword \"hdrcharset\"")


def find_mksquashfs(compression: str) -> str:
    """The path of mksquashfs, if its version reads tars.

    Raises:
        MissingToolError: if mksquashfs is missing or older.
    """
    found = shutil.which("mksquashfs")
    if found is None:
        raise _missing(compression, "is not on PATH")
    command, environment = [found, "-version"], program_environment()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
    version = re.search(r"version (\d+)\.(\d+)", done.stdout)
    if version is None or (int(version[1]), int(version[2])) < OLDEST:
        line = (done.stdout or done.stderr).partition("\n")[0]
        raise _missing(compression, f"at {found!r} is too old or another program: -version prints {line!r}")
    logger.info("%s: %s", found, version[0])
    return found


def write_compressed(image: Path, offset: int, compression: str, threads: int, tar: Iterable[bytes]) -> int:
    """Writes a SquashFS of the tar to the image, from `offset`, and returns its size. Overwrites the bytes before.

    Raises:
        MissingToolError: if mksquashfs is missing.
        DataContainerError: if mksquashfs fails, with its output, or writes an incomplete SquashFS. Errors of reading
            the tar are not caught.
    """
    program = find_mksquashfs(compression)
    chosen = ["-comp", compression, "-Xcompression-level", str(LEVELS[compression]), "-processors", str(threads)]
    command = [program, "-", str(image), *OPTIONS, *chosen, "-offset", str(offset)]
    logger.info("running %s", " ".join(map(repr, command)))
    with tempfile.TemporaryFile("w+", errors="backslashreplace") as printed:
        status = _feed(command, tar, printed)
        printed.seek(0)
        lines = [line.strip() for line in printed if not HARMLESS.search(line.rstrip())]
    for line in filter(None, lines):
        logger.info("%s", line)
    if status != 0:
        output = explained(" ".join(lines).strip() or ended(status), path=str(image))
        raise DataContainerError(
            f"mksquashfs failed: {output}; it was writing {str(final_name(image))!r}; compression: {compression} of a "
            "SIF needs mksquashfs"
        )
    return _checked_size(image, offset)


def _checked_size(image: Path, offset: int) -> int:
    """The size of the SquashFS, which must be that in its superblock, padded."""
    with open(image, "rb") as file:
        file.seek(offset)
        magic, used = SUPERBLOCK.unpack(file.read(SUPERBLOCK.size).ljust(SUPERBLOCK.size, b"\0"))
    size_bytes = image.stat().st_size - offset
    if magic != b"hsqs" or size_bytes != aligned(used):
        raise DataContainerError(
            f"mksquashfs wrote {max(0, size_bytes)} bytes, expected a SquashFS of {used} bytes, padded to 4096: "
            "install the package squashfs-tools again, or set compression: none"
        )
    return size_bytes


def _feed(command: list[str], tar: Iterable[bytes], printed: IO[str]) -> int:
    """Runs the command with the tar as its input and returns its exit status; kills it if reading the tar fails."""
    process = subprocess.Popen(
        command, env=program_environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=printed
    )
    try:
        with process:
            _write_all(process, tar)
    except BrokenPipeError as error:
        # With another status, the caller reports the status and the output.
        if process.returncode == 0:
            raise DataContainerError("mksquashfs exited before it read all layers: run snakemake again") from error
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
        f"mksquashfs {what}; compression: {compression} of a SIF needs version 4.5 or later: install the "
        "package squashfs-tools, or set compression: none"
    )
