"""Seals: a seal is a small file that records that a stage finished, with which key, and the state of its output files.

The key is a digest of everything that decides the output (see rerun/keys.py). A seal is the last output of its stage.
A stage runs again if its seal is missing, if the seal contains a different key than the current one, or if the size,
mtime or name of an output file differs from the seal: rerun/due.py decides this.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.outputs import naming, sync_folder, write_bytes

SUFFIX = ".seal"
# A file of Snakemake in each folder that is an output of a rule.
TIMESTAMP = ".snakemake_timestamp"
# Tolerance for differences between the clocks of a cluster's machines.
CLOCKS_NS = 3600 * 10**9


AnyPath = str | Path


class FileState(NamedTuple):
    """The state of an output file when its stage finished. sha256: in hex, or "" if the content was not read."""

    size_bytes: int
    mtime_ns: int
    sha256: str


class Seal(NamedTuple):
    """The content of a seal. The names of folders and files are relative to the folder of the seal."""

    key: str
    folders: list[str]
    files: dict[str, FileState]


def seal(path: AnyPath, key: str, *, read: Sequence[AnyPath] = (), unread: Sequence[AnyPath] = ()) -> None:
    """Writes the seal `path`: the key, and the state of the given files and of all files in the given folders.

    The names of these files are on the disk before the seal is, so that a crash of the machine leaves no seal without
    its files.

    read: files and folders whose sha256 the seal records. unread: files and folders that are too large to read again.
    Names are relative to the seal's folder, so that results can be moved.
    """
    path = Path(path)
    found = {_relative(file, path): _state(file, hashed=True) for file in _files(read)}
    found |= {_relative(file, path): _state(file, hashed=False) for file in _files(unread)}
    folders = [_relative(folder, path) for folder in map(Path, (*read, *unread)) if folder.is_dir()]
    for folder in _folders(path, found):
        sync_folder(folder)
    _write(path, Seal(key, folders, found))
    try:
        sync_folder(path.parent)
    except OSError:
        path.unlink()
        raise


def renew(path: Path) -> None:
    """Writes a seal from the future again, if its files are unchanged, so that its mtime is the present.

    The clock went back since: Snakemake stops if an output of a job is older than an input, such as this seal.
    """
    with suppress(OSError, ValueError, KeyError, TypeError):
        if path.stat().st_mtime > time.time() and not problems(path):
            key, folders, files = _parse(path)
            states = {
                name: was._replace(mtime_ns=_normal(path, name).stat().st_mtime_ns) for name, was in files.items()
            }
            _write(path, Seal(key, folders, states))


def read_seal(path: Path) -> Seal | None:
    """Returns the content of a seal; None if the seal is missing or damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return _parse(path)
    return None


def problems(path: Path) -> list[str]:
    """Returns a line for each file that differs from the seal, is missing or is new; compares size and mtime only."""
    try:
        seal_mtime_ns = path.stat().st_mtime_ns
        _, folders, files = _parse(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"the seal {str(path)!r} cannot be read ({error})"]
    found = [_problem(_normal(path, name), was, seal_mtime_ns) for name, was in files.items()]
    known = {_normal(path, name) for name in files}
    there = [folder for folder in (_normal(path, name) for name in folders) if folder.is_dir()]
    extra = [file for file in _files(there) if file not in known]
    return [*filter(None, found), *(f"{str(file)!r} was not created by this stage" for file in extra)]


def check(path: AnyPath, *files: AnyPath) -> None:
    """Returns if the sha256 of the given files, or of all files in the given folders, are those in the seal.

    Raises:
        DataError: for the first file that differs, or that the seal does not contain.
    """
    path = Path(path)
    sealed = _parse(path).files
    for file in _files(files):
        was = sealed.get(_relative(file, path))
        if was is None:
            raise DataError(f"{str(file)!r} was not created by its stage: delete it and run snakemake again")
        now = _state(file, hashed=True)
        if was.sha256 != now.sha256:
            raise DataError(
                f"{str(file)!r} is damaged: its seal records the sha256 {was.sha256}, the file has {now.sha256}: "
                "delete it and run snakemake again"
            )


def _write(path: Path, content: Seal) -> None:
    write_bytes(path, json.dumps(content._asdict(), indent=0).encode())


def _parse(path: Path) -> Seal:
    value = json.loads(path.read_bytes())
    files = {name: FileState(*was) for name, was in value["files"].items()}
    return Seal(str(value["key"]), list(value["folders"]), files)


def _problem(file: Path, was: FileState, seal_mtime_ns: int) -> str | None:
    try:
        status = file.stat()
    except OSError:
        return f"{str(file)!r} is missing"
    if status.st_size != was.size_bytes:
        return f"{str(file)!r} has {status.st_size} bytes, but had {was.size_bytes} when it was created"
    # When a job ends, Snakemake sets the mtime of its outputs, the seal last: an mtime up to the seal's is no change.
    set_by_snakemake = was.mtime_ns - CLOCKS_NS <= status.st_mtime_ns <= seal_mtime_ns
    if not set_by_snakemake and status.st_mtime_ns != was.mtime_ns:
        return f"{str(file)!r} was changed after it was created"
    return None


def _state(file: Path, *, hashed: bool) -> FileState:
    status = file.stat()
    if not hashed:
        return FileState(status.st_size, status.st_mtime_ns, "")
    with naming(file), open(file, "rb") as content:
        return FileState(status.st_size, status.st_mtime_ns, hashlib.file_digest(content, "sha256").hexdigest())


def _files(paths: Iterable[AnyPath]) -> Iterator[Path]:
    """The paths, with each folder replaced by all files in it."""
    for path in map(Path, paths):
        inside = path.rglob("*") if path.is_dir() else [path]
        yield from (file for file in inside if file.name != TIMESTAMP and not file.is_dir())


def _folders(path: Path, names: Iterable[str]) -> list[Path]:
    """The folders of the named files of the seal `path`, and those up to the one that also holds the seal, sorted."""
    found = set()
    for folder in {_normal(path, name).parent for name in names}:
        shared = os.path.commonpath([path.parent, folder])
        found |= {one for one in (folder, *folder.parents) if one.is_relative_to(shared)}
    return sorted(found)


def _relative(file: Path, path: Path) -> str:
    return os.path.relpath(file, path.parent)


def _normal(path: Path, name: str) -> Path:
    return Path(os.path.normpath(path.parent / name))
