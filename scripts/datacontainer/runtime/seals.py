"""Seals: what each stage's files were like when the stage was done, and the key that it was done with.

A seal is the last output of its stage. A stage runs again when its seal is missing, when the seal has another key than
the one wanted now, or when a file's size, mtime or name is not as the seal says: rerun/ decides that.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.outputs import write_bytes

SUFFIX = ".seal"
# Snakemake's own file in a folder that a rule makes.
TIMESTAMP = ".snakemake_timestamp"
# How far the clocks of a cluster's machines may be apart.
CLOCKS_NS = 3600 * 10**9


AnyPath = str | Path


class Sealed(NamedTuple):
    """A file when its stage was done; sha256: in hex, or "" where its bytes were not read."""

    size_bytes: int
    mtime_ns: int
    sha256: str


class Seal(NamedTuple):
    """A seal's content; the names of folders and files are relative to the seal's own folder."""

    key: str
    folders: list[str]
    files: dict[str, Sealed]


def seal(path: AnyPath, key: str, *, read: Sequence[AnyPath] = (), unread: Sequence[AnyPath] = ()) -> None:
    """Writes the seal `path` of files, and of all files in folders, that were made with a key.

    read: files whose sha256 becomes part of the seal. unread: files that would take long to read. Names are relative
    to the seal's folder, so that results may be moved.
    """
    path = Path(path)
    found = {_relative(file, path): _look(file, hashed=True) for file in _files(read)}
    found |= {_relative(file, path): _look(file, hashed=False) for file in _files(unread)}
    folders = [_relative(folder, path) for folder in map(Path, (*read, *unread)) if folder.is_dir()]
    write_bytes(path, json.dumps({"key": key, "folders": folders, "files": found}, indent=0).encode())


def read_seal(path: Path) -> Seal | None:
    """The seal in a file; None where it is damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return _parse(path)
    return None


def problems(path: Path) -> list[str]:
    """How the files of a seal are not as they were; reads none of them."""
    try:
        sealed_ns = path.stat().st_mtime_ns
        _, folders, files = _parse(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"the seal {str(path)!r} cannot be read ({error})"]
    found = [_problem(_normal(path, name), was, sealed_ns) for name, was in files.items()]
    known = {_normal(path, name) for name in files}
    there = [folder for folder in (_normal(path, name) for name in folders) if folder.is_dir()]
    extra = [file for file in _files(there) if file not in known]
    return [*filter(None, found), *(f"{str(file)!r} was not created by this stage" for file in extra)]


def check(path: AnyPath, *files: AnyPath) -> None:
    """Sees that the files, or those in folders, have the bytes that they had when they were sealed.

    Raises:
        DataError: naming the first that has others.
    """
    path = Path(path)
    sealed = _parse(path).files
    for file in _files(files):
        was = sealed.get(_relative(file, path))
        if was is None:
            raise DataError(f"{str(file)!r} was not created by its stage: delete it and run snakemake again")
        now = _look(file, hashed=True)
        if was.sha256 != now.sha256:
            raise DataError(
                f"{str(file)!r} is damaged: its sha256 was {was.sha256} when it was made, and is {now.sha256}: "
                "delete it and run snakemake again"
            )


def _parse(path: Path) -> Seal:
    value = json.loads(path.read_bytes())
    files = {name: Sealed(*was) for name, was in value["files"].items()}
    return Seal(str(value["key"]), list(value["folders"]), files)


def _problem(file: Path, was: Sealed, sealed_ns: int) -> str | None:
    try:
        status = file.stat()
    except OSError:
        return f"{str(file)!r} is missing"
    if status.st_size != was.size_bytes:
        return f"{str(file)!r} had {was.size_bytes} bytes when it was made, and has {status.st_size}"
    # Snakemake gives the outputs of a job, the seal last, the time when it saw them: by then the job has looked.
    since = was.mtime_ns - CLOCKS_NS <= status.st_mtime_ns <= sealed_ns
    if not since and status.st_mtime_ns != was.mtime_ns:
        return f"{str(file)!r} was changed after it was made"
    return None


def _look(file: Path, *, hashed: bool) -> Sealed:
    status = file.stat()
    if not hashed:
        return Sealed(status.st_size, status.st_mtime_ns, "")
    with open(file, "rb") as content:
        return Sealed(status.st_size, status.st_mtime_ns, hashlib.file_digest(content, "sha256").hexdigest())


def _files(paths: Iterable[AnyPath]) -> Iterator[Path]:
    """The paths, and in the place of a folder all files in it."""
    for path in map(Path, paths):
        inside = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in inside if file.name != TIMESTAMP and not file.is_dir())


def _relative(file: Path, path: Path) -> str:
    return os.path.relpath(file, path.parent)


def _normal(path: Path, name: str) -> Path:
    return Path(os.path.normpath(path.parent / name))
