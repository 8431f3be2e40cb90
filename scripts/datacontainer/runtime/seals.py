"""Seals: what a stage's files were like when it was done, so that one that is gone, cut short or changed is noticed.

A seal is an output of its stage, the last one. Each run looks at the files' sizes and times before it decides what is
to be done, and takes away a seal that no longer holds: its stage runs again, as for any output that is missing.
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
SHOWN = 3


AnyPath = str | Path


class Sealed(NamedTuple):
    """A file when its stage was done; sha256: in hex, or "" where its bytes were not read."""

    size_bytes: int
    mtime_ns: int
    sha256: str


def seal(path: AnyPath, *, read: Sequence[AnyPath] = (), unread: Sequence[AnyPath] = ()) -> None:
    """Writes the seal `path` of files, and of all files in folders.

    read: whose digest belongs to the seal. unread: those that would take long to read. A seal holds names relative to
    its own folder, so that results may be moved.
    """
    path = Path(path)
    found = {_relative(file, path): _look(file, hashed=True) for file in _files(read)}
    found |= {_relative(file, path): _look(file, hashed=False) for file in _files(unread)}
    folders = [_relative(folder, path) for folder in map(Path, (*read, *unread)) if folder.is_dir()]
    write_bytes(path, json.dumps({"folders": folders, "files": found}, indent=0).encode())


def problems(path: Path) -> list[str]:
    """How the files of a seal are not as they were; reads none of them."""
    try:
        sealed_ns = path.stat().st_mtime_ns
        folders, files = _parse(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"the seal {str(path)!r} cannot be read ({error})"]
    found = [_problem(_normal(path, name), was, sealed_ns) for name, was in files.items()]
    known = {_normal(path, name) for name in files}
    there = [folder for folder in (_normal(path, name) for name in folders) if folder.is_dir()]
    extra = [file for file in _files(there) if file not in known]
    return [*filter(None, found), *(f"{str(file)!r} is none of its stage's files" for file in extra)]


def break_seals(results: Path, datasets: Iterable[str]) -> list[str]:
    """Removes the seals that do not hold, under an outdir; tells what is wrong, a line for each file."""
    lines = [line for path in results.glob(".datacontainer/*.seal") for line in _broken(path)]
    for stages in (results / name / "stages" for name in datasets):
        lines += [line for path in sorted(stages.glob("seals/*.seal")) for line in _broken(path)]
        shards = [stages / "hash" / f"{shard}.seal" for shard in _shards(stages)]
        lines += [line for path in shards if path.exists() for line in _broken(path)]
        # Snakemake asks for what a shard's job makes only where aggregate is to run.
        if not shards or not all(path.exists() for path in shards):
            _remove(stages / "seals" / "aggregate.seal")
    return lines


def check(path: AnyPath, *files: AnyPath) -> None:
    """Sees that the files, or those in folders, have the bytes that they had when they were sealed.

    Raises:
        DataError: naming the first that has others.
    """
    path = Path(path)
    _, sealed = _parse(path)
    for file in _files(files):
        was = sealed.get(_relative(file, path))
        if was is None:
            raise DataError(f"{str(file)!r} is none of its stage's files: delete it and run snakemake again")
        now = _look(file, hashed=True)
        if was.sha256 != now.sha256:
            raise DataError(
                f"{str(file)!r} is damaged: its sha256 was {was.sha256} when it was made, and is {now.sha256}: "
                "delete it and run snakemake again"
            )


def _parse(path: Path) -> tuple[list[str], dict[str, Sealed]]:
    value = json.loads(path.read_bytes())
    return value["folders"], {name: Sealed(*was) for name, was in value["files"].items()}


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


def _broken(path: Path) -> list[str]:
    """A seal's problems in a few lines; it is gone if there are any."""
    found = problems(path)
    if found:
        _remove(path)
    more = [f"{len(found) - SHOWN} more files of the same stage are missing or changed"]
    return found if len(found) <= SHOWN else found[:SHOWN] + more


def _remove(path: Path) -> None:
    # Where nothing can be removed, nothing can be made anew either.
    with suppress(OSError):
        path.unlink()


def _shards(stages: Path) -> list[str]:
    """The dataset's shards; none where scan's table of them is not what it was."""
    if not (stages / "seals" / "scan.seal").exists():
        return []
    table = (stages / "scan" / "shards.tsv").read_text()
    return [line.split("\t")[0] for line in table.splitlines()]
