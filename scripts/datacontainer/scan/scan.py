"""Scan: lists a dataset's files, refuses entries that cannot be stored in an image, and cuts the list into shards."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from datacontainer.runtime.errors import DataContainerError, DataError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import COPY_BYTES, write_bytes, written
from datacontainer.runtime.resources import Size, divide
from datacontainer.scan.listing import REFUSE, Files, list_dataset
from datacontainer.scan.refused import raise_refused
from datacontainer.scan.rules import NEWEST, RULE, RULES, read_rule
from datacontainer.scan.sharding import Limits, cut
from datacontainer.scan.unusual import note_left_out, warn_broken
from datacontainer.storage.place import is_remote

STATE = "state"


@dataclass(frozen=True)
class Shard:
    """Files of one layer; `name` is the digest of their list."""

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
    defaults: Collection[str] = (),
    symlinks: str = REFUSE,
    threads: int | None = None,
    minimum: Limits | None = None,
    batches: int = 1,
) -> list[Shard]:
    """Writes one list per shard into the folder `lists`, and `table` with the shards in the order of their paths.

    The name of a list is the digest of its content, so an unchanged shard keeps its name. The table has a line per
    shard: name, files, bytes, batch. defaults: as in list_dataset. symlinks: how symlinks are handled, as in
    config.schema.yaml. batches: the number of jobs that hash the shards; 0 for as many as a cluster needs. Next to the
    table, the file `state` contains the result of `fingerprint`, and the file `rule` the number of the rule that cuts a
    dataset without `minimum`.

    Raises:
        DataError: if the dataset contains entries that cannot be stored in an image.
    """
    if not _exists(root):
        raise DataError(f"the dataset {root!r} is not a folder: correct its `path` in the configuration")
    rule = NEWEST if minimum else read_rule(table)
    minimum = minimum or (Limits(*kept) if (kept := RULES[rule]) else None)
    lists.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=lists.parent) as folder:
        files = Files.in_folder(Path(folder))
        summary = list_dataset(packer, root, exclude, files, defaults=defaults, symlinks=symlinks, threads=threads)
        raise_refused(files.read_refused(), root)
        warn_broken(summary.broken, root)
        note_left_out(defaults, summary.left_out)
        shards = _write_lists(files, lists, minimum)
    numbers = divide([Size(shard.files, shard.size_bytes) for shard in shards], batches)
    rows = zip(shards, numbers, strict=True)
    lines = "".join(f"{shard.name}\t{shard.files}\t{shard.size_bytes}\tbatch-{number}\n" for shard, number in rows)
    # Before the table, whose format without a rule means the first rule.
    write_bytes(table.with_name(RULE), b"%d" % rule)
    write_bytes(table, lines.encode())
    write_bytes(table.with_name(STATE), summary.digest.encode())
    logger.info("%d files, %d bytes, %d paths, %d shards", summary.files, summary.bytes, summary.records, len(shards))
    finished(summary.files, summary.bytes)
    return shards


def fingerprint(
    root: str, exclude: Iterable[str], packer: Path, symlinks: str = REFUSE, defaults: Collection[str] = ()
) -> str | None:
    """A digest of all entries that scan would list; None if the folder does not exist. Reads no data."""
    if not _exists(root):
        return None
    try:
        return list_dataset(packer, root, exclude, None, defaults=defaults, symlinks=symlinks).digest
    except (DataContainerError, OSError) as error:
        # The stage scan fails with the same error and reports it.
        return f"unreadable: {error}"


def _exists(root: str) -> bool:
    """Whether the dataset is a folder, or in storage, where only the list of its files shows whether it exists."""
    return is_remote(root) or os.path.isdir(root)


def read_state(table: Path) -> str | None:
    """The fingerprint of the dataset when `table` was written; None if it was not recorded."""
    path = table.with_name(STATE)
    return path.read_text(errors="replace") if path.is_file() else None


def read_shards(table: Path) -> list[str]:
    """The names of the shards in the table that scan wrote, in the order of their paths."""
    return [line.split("\t")[0] for line in table.read_text().splitlines()]


def _write_lists(files: Files, lists: Path, minimum: Limits | None) -> list[Shard]:
    """Writes a list with the records of each shard, and removes other files; keeps the lists that exist already."""
    columns = files.read_columns()
    sizes = columns["size"].astype(np.int64)
    shards = []
    with open(files.records, "rb") as records:
        start = 0
        for span in cut(sizes, columns["chance"], minimum):
            end = int(columns["end"][span[1] - 1]) if span[1] else 0
            name = _write_list(records, start, end, lists)
            shards.append(Shard(name, span[1] - span[0], int(sizes[slice(*span)].sum())))
            start = end
    names = {f"{shard.name}.list" for shard in shards}
    for path in lists.iterdir():
        if path.name not in names:
            _remove(path)
    return shards


def _write_list(records: BinaryIO, start: int, end: int, lists: Path) -> str:
    name = _name(_blocks(records, start, end))
    path = lists / f"{name}.list"
    # A list that another program changed has another digest than its name.
    if not path.is_file() or _name(_file_blocks(path)) != name:
        _remove(path)
        with written(path) as shard:
            for block in _blocks(records, start, end):
                shard.write(block)
    return name


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _name(blocks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()[:20]


def _file_blocks(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        yield from _blocks(file, 0, path.stat().st_size)


def _blocks(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    for position in range(start, end, COPY_BYTES):
        yield file.read(min(COPY_BYTES, end - position))
