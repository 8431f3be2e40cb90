"""Scan: lists a dataset's files, refuses what an image cannot hold, and cuts the list into shards."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from datacontainer.runtime.errors import DataContainerError, DataError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import COPY_BYTES, fresh_directory, write_bytes, written
from datacontainer.scan.listing import REFUSE, Files, Offender, Summary, list_dataset
from datacontainer.scan.sharding import LEAST_SHARD, Limits, cut

SHOWN_OFFENDERS = 20
STATE = "state"
LINKS_HINT = "; or set `symlinks` to keep, for links as they are, or to follow, for what lies outside"


@dataclass(frozen=True)
class Shard:
    """Files handled by one job; `name` is the digest of the list of them."""

    name: str
    files: int
    size_bytes: int


def scan(
    root: str,
    exclude: Iterable[str],
    lists: Path,
    table: Path,
    *,
    packer: Path,
    symlinks: str = REFUSE,
    threads: int | None = None,
    least: Limits = LEAST_SHARD,
) -> list[Shard]:
    """Writes one list per shard into the folder `lists`, and `table` with the shards in the order of their paths.

    A list is named by the digest of its content, so an unchanged shard keeps its name. The table has a line per shard:
    name, files, bytes. symlinks: what becomes of links, as config.schema.yaml has it. Beside the table, `state`
    has what fingerprint gives.

    Raises:
        DataError: naming everything in the dataset that an image cannot hold.
    """
    if not os.path.isdir(root):
        raise DataError(f"the dataset {root!r} is not a folder: correct its `path` in the configuration")
    fresh_directory(lists)
    with tempfile.TemporaryDirectory(dir=lists.parent) as folder:
        files = Files.beside(Path(folder))
        summary = list_dataset(packer, root, exclude, files, symlinks=symlinks, threads=threads)
        _raise_offenders(summary, files)
        shards = _write_lists(files, lists, least)
    lines = "".join(f"{shard.name}\t{shard.files}\t{shard.size_bytes}\n" for shard in shards)
    write_bytes(table, lines.encode())
    write_bytes(table.with_name(STATE), summary.digest.encode())
    logger.info("%d files, %d bytes, %d paths, %d shards", summary.files, summary.bytes, summary.records, len(shards))
    finished(summary.files, summary.bytes)
    return shards


def fingerprint(root: str, exclude: Iterable[str], packer: Path, symlinks: str = REFUSE) -> str | None:
    """A digest of all that scan would list, or None where there is no such folder; reads no data."""
    if not os.path.isdir(root):
        return None
    try:
        return list_dataset(packer, root, exclude, None, symlinks=symlinks).digest
    except (DataContainerError, OSError) as error:
        # scan meets the same problem and reports it as an error of its own.
        return f"unreadable: {error}"


def read_state(table: Path) -> str | None:
    """What the dataset looked like when `table` was written, as fingerprint says it; None where it is not known."""
    path = table.with_name(STATE)
    return path.read_text(errors="replace") if path.is_file() else None


def read_shards(table: Path) -> list[str]:
    """The shards' names, in the order of their paths, from the table that scan wrote."""
    return [line.split("\t")[0] for line in table.read_text().splitlines()]


def _write_lists(files: Files, lists: Path, least: Limits) -> list[Shard]:
    """Writes the records of each shard as a list of its own."""
    columns = files.read_columns()
    sizes = columns["size"].astype(np.int64)
    shards = []
    with open(files.records, "rb") as records:
        start = 0
        for span in cut(sizes, columns["chance"], least):
            end = int(columns["end"][span[1] - 1]) if span[1] else 0
            name = _write_list(records, start, end, lists)
            shards.append(Shard(name, span[1] - span[0], int(sizes[slice(*span)].sum())))
            start = end
    return shards


def _write_list(records: BinaryIO, start: int, end: int, lists: Path) -> str:
    digest = hashlib.sha256()
    for block in _blocks(records, start, end):
        digest.update(block)
    name = digest.hexdigest()[:20]
    path = lists / f"{name}.list"
    with written(path) as shard:
        for block in _blocks(records, start, end):
            shard.write(block)
    return name


def _blocks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    for position in range(start, end, COPY_BYTES):
        yield file.read(min(COPY_BYTES, end - position))


def _raise_offenders(summary: Summary, files: Files) -> None:
    if not summary.refused:
        return
    shown: list[Offender] = []
    links = False
    for offender in files.read_refused():
        logger.error("refused: %s", offender)
        links = links or bool(offender.target)
        if len(shown) < SHOWN_OFFENDERS:
            shown.append(offender)
    text = "; ".join(map(str, shown))
    rest = f"; and {summary.refused - SHOWN_OFFENDERS} more, all in the log"
    raise DataError(
        f"the dataset holds what an image cannot: {text}{rest if summary.refused > SHOWN_OFFENDERS else ''}; "
        f"remove them, or leave them out with `exclude`{LINKS_HINT if links else ''}"
    )
