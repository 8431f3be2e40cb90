"""A dataset's list as scan works on it: three files and a summary, by the packer or, where it cannot, in Python."""

import hashlib
import json
import os
import struct
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from datacontainer.runtime.logs import logger
from datacontainer.runtime.packer import run_packer
from datacontainer.scan.excludes import Excludes
from datacontainer.scan.records import FILE, Record
from datacontainer.scan.symlinks import REFUSE
from datacontainer.scan.walk import Offender, Walk

# About every two seconds.
SHOWN_EVERY = 200_000
# A line for each record: where it ends in the file of the records, its size, and a number that its path alone decides.
COLUMNS = np.dtype([("end", "<u8"), ("size", "<u8"), ("chance", "<u8")])


class Summary(NamedTuple):
    """What a list says of the dataset; digest: of all records and offenders; bytes: of the files."""

    records: int
    files: int
    bytes: int
    offenders: int
    digest: str


class Files(NamedTuple):
    """The files of a list.

    records: as shardlist encodes them, in the order of the paths' bytes. columns: COLUMNS. offenders: as encoded.
    """

    records: Path
    columns: Path
    offenders: Path

    @classmethod
    def beside(cls, folder: Path) -> "Files":
        """The files in a folder that is there for them."""
        return cls(folder / "records", folder / "columns", folder / "offenders")

    def read_columns(self) -> np.ndarray:
        """The columns, a structured array."""
        return np.fromfile(self.columns, COLUMNS)

    def read_offenders(self) -> Iterator[Offender]:
        """What an image cannot hold."""
        fields = self.offenders.read_bytes().split(b"\0")
        for i in range(0, len(fields) - 1, 3):
            yield Offender(*fields[i : i + 3])


def list_by_packer(
    packer: Path,
    root: str,
    excludes: Excludes,
    files: Files | None,
    *,
    symlinks: str = REFUSE,
    sources: str = "",
    threads: int | None = None,
) -> Summary | None:
    """Lists a dataset with the packer; None where a pattern is beyond it.

    files: None for the summary alone. sources: the digest of the sources that the packer must be made of, if not "".

    Raises:
        DataContainerError: when the packer is another one, or fails.
    """
    rules = excludes.for_packer()
    if rules is None:
        return None
    arguments: list[str | Path] = ["scan", "--root", root, "--symlinks", symlinks, "--sources", sources, "--progress"]
    if files is None:
        arguments.append("--digest-only")
    else:
        arguments += ["--records", files.records, "--columns", files.columns, "--offenders", files.offenders]
    with tempfile.NamedTemporaryFile() as patterns:
        if rules:
            patterns.write(rules)
            patterns.flush()
            arguments += ["--exclude", patterns.name]
        environment = {"GOMAXPROCS": str(max(2, threads))} if threads else {}
        return Summary(**json.loads(run_packer(packer, arguments, environment)))


def list_by_walk(root: str, excludes: Excludes, files: Files | None, symlinks: str = REFUSE) -> Summary:
    """Lists a dataset in Python, with the same result."""
    walk = Walk(os.fsencode(root), excludes, symlinks)
    with ExitStack() as stack:
        writer = _Writer(*(stack.enter_context(open(path, "wb")) for path in files or [os.devnull] * 3))
        for number, record in enumerate(walk.records(), 1):
            writer.add(record)
            if number % SHOWN_EVERY == 0:
                logger.info("scan: %d files listed", number)
        return writer.finish(walk.offenders)


class _Writer:
    """Writes the files of a list, or none, and sums them up."""

    def __init__(self, records: BinaryIO, columns: BinaryIO, offenders: BinaryIO) -> None:
        self._records, self._columns, self._offenders = records, columns, offenders
        self._count = self._files = self._bytes = self._end = 0
        self._digest = hashlib.sha256()

    def add(self, record: Record) -> None:
        encoded = record.encode()
        self._digest.update(encoded)
        self._count += 1
        self._end += len(encoded)
        if record.kind == FILE:
            self._files += 1
            self._bytes += record.size
        self._records.write(encoded)
        chance = hashlib.sha256(record.path).digest()[:8]
        self._columns.write(struct.pack("<QQQ", self._end, record.size, int.from_bytes(chance, "big")))

    def finish(self, offenders: list[Offender]) -> Summary:
        encoded = b"".join(offender.encode() for offender in offenders)
        self._offenders.write(encoded)
        both = hashlib.sha256(self._digest.digest() + hashlib.sha256(encoded).digest())
        return Summary(self._count, self._files, self._bytes, len(offenders), both.hexdigest())
