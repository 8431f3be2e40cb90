"""The users' programs in the image: checks of their files, and their places.

Source: the ELF format, elf(5).
"""

import hashlib
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

from datacontainer.config.commands import program_files
from datacontainer.config.dataset import Dataset
from datacontainer.runtime.errors import UsageError

PROGRAMS_FOLDER = ".datacontainer/programs"
PROGRAM_MODE = 0o755
ELF, BITS_64, LITTLE, INTERPRETER = b"\x7fELF", 2, 1, 3
# The class, the byte order and the machine; the offset of the table of segments; the size and number of its lines.
HEADER, HEADER_BYTES = struct.Struct("<4xBB12xH12xQ14xHH"), 64
# e_machine by platform.
MACHINES = {"linux/amd64": 62, "linux/arm64": 183}
NAMES = {62: "amd64", 183: "arm64", 3: "386", 40: "arm", 243: "riscv64"}


@dataclass(frozen=True)
class Program:
    """A user's program for one platform. place: its absolute path in the image."""

    path: Path
    place: str
    sha256: str
    size_bytes: int

    def described(self) -> dict[str, Any]:
        """The program in commands.json."""
        # busybox and similar programs read the name under which they are started.
        return {"path": self.place, "name": self.path.name, "sha256": self.sha256, "size": self.size_bytes}


def programs_of(commands: Mapping[str, Any], platforms: Sequence[str]) -> dict[str, dict[str, Program]]:
    """The programs by platform and name of the command.

    Commands whose programs have equal contents on all platforms share a file, with the name of the first command.
    """
    files = {platform: program_files(commands, platform) for platform in platforms}
    places: dict[tuple[str, ...], str] = {}
    found: dict[str, dict[str, Program]] = {platform: {} for platform in platforms}
    for name in sorted(files[platforms[0]]):
        paths = [Path(files[platform][name]) for platform in platforms]
        digests = tuple(digest_of(path) for path in paths)
        place = places.setdefault(digests, f"/{PROGRAMS_FOLDER}/{name}")
        for platform, path, sha256 in zip(platforms, paths, digests, strict=True):
            found[platform][name] = Program(path, place, sha256, path.stat().st_size)
    return found


def check_programs(dataset: Dataset, *, static: bool, must_exist: bool = True) -> None:
    """Returns if each program is a file that its platform can run.

    static: the image has no libraries and no interpreters. must_exist: a missing file is an error.

    Raises:
        UsageError: otherwise.
    """
    for platform in dataset.platforms:
        for name, file in program_files(dataset.commands, platform).items():
            where, path = f"datasets.{dataset.name}.commands.{name}.program", Path(file)
            if path.is_file():
                _check(where, path, platform, static)
            elif must_exist or path.exists():
                raise UsageError(f"{where}: there is no file {file!r}: correct the path, or build the program")


def program_digests(dataset: Dataset) -> list[list[str]]:
    """The command, platform, file name and digest of each program; a missing file has the digest ""."""
    found = []
    for platform in dataset.platforms:
        for name, file in sorted(program_files(dataset.commands, platform).items()):
            path = Path(file)
            found.append([name, platform, path.name, digest_of(path) if path.is_file() else ""])
    return found


def digest_of(path: Path) -> str:
    """The sha256 of a file, in hex."""
    state = os.stat(path)
    return _digest(path, state.st_size, state.st_mtime_ns, state.st_ino)


# Cached: the key of a stage is asked for more than once in a process.
@cache
def _digest(path: Path, *_: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(where: str, path: Path, platform: str, static: bool) -> None:
    try:
        with open(path, "rb") as file:
            problem = _problem(file, platform, static)
    except OSError as error:
        raise UsageError(f"{where}: {str(path)!r} cannot be read: {error.strerror}") from error
    except struct.error as error:
        raise UsageError(f"{where}: {str(path)!r} is a damaged ELF program: build it again") from error
    if problem:
        raise UsageError(f"{where}: {str(path)!r} {problem}")


def _problem(file: BinaryIO, platform: str, static: bool) -> str:
    header = file.read(HEADER_BYTES)
    if not header.startswith(ELF):
        remedy = "name a static program, or set `base` to an image with the interpreter"
        return f"is no ELF program, and the image has no interpreter: {remedy}" if static else ""
    bits, order, machine, table, line_bytes, lines = HEADER.unpack_from(header)
    if (bits, order, machine) != (BITS_64, LITTLE, MACHINES[platform]):
        return (
            f"is a program for {NAMES.get(machine, f'machine {machine}')}, expected {platform}: build it for {platform}"
        )
    if static and INTERPRETER in _segments(file, table, line_bytes, lines):
        return "is dynamically linked, and the image has no libraries: link it statically, or set `base`"
    return ""


def _segments(file: BinaryIO, table: int, line_bytes: int, lines: int) -> Iterator[int]:
    """The types of the program's segments."""
    for number in range(lines):
        file.seek(table + number * line_bytes)
        yield struct.unpack("<I", file.read(4))[0]
