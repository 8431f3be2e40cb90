"""Reuse: the results of earlier runs, with which unchanged files are compared, or which save reading them.

Plain Python, one shard at a time: after an edit, importing a library for columns takes longer than a shard.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.config.results import Results
from datacontainer.hash.corruption import Corrupted, raise_corrupted, warn_corrupted
from datacontainer.hash.earlier import EarlierShard
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger

SHA256_BYTES = DIGEST_BYTES["sha256"]
# Agreement of a file's status with the recorded one: of size and mtime, or also of ctime and inode.
SAME_SIZE_MTIME, SAME_IDENTITY = 1, 2
# The user's functions, each with the digest of its source.
Functions = Sequence[tuple[str, str]]


@dataclass
class Known:
    """The results of earlier runs, one row for each file and symlink of a shard; none for symlinks.

    files: path and numbers of each. names: of the digests. width: the bytes of a row of digests. same: SAME_SIZE_MTIME,
    SAME_IDENTITY or 0. digests: rows of bytes; zeros if unknown. unread: 1 if the identity is the same and all digests
    are known. fields: the user's fields as JSON; None if the functions must be called.
    """

    files: list[tuple[bytes, bytes]]
    names: Sequence[str]
    width: int = field(init=False)
    same: bytearray = field(init=False)
    digests: bytearray = field(init=False)
    unread: bytearray = field(init=False)
    fields: list[str | None] = field(init=False)

    def __post_init__(self) -> None:
        """Nothing is known."""
        count, self.width = len(self.files), sum(DIGEST_BYTES[name] for name in self.names)
        self.same, self.unread = bytearray(count), bytearray(count)
        self.digests, self.fields = bytearray(count * self.width), [None] * count

    def joined(self, found: bytes) -> bytes:
        """The digests of all rows: known ones if they are unread, otherwise those of `found`, in order."""
        rows, width, start = bytearray(self.digests), self.width, 0
        for row, unread in enumerate(self.unread):
            if not unread:
                rows[row * width : (row + 1) * width] = found[start : start + width]
                start += width
        return bytes(rows)

    def check(self, digests: bytes, full: bool) -> None:
        """Compares the sha256 of files with an unchanged status to the recorded ones. digests: of all rows.

        A difference in a file of which only size and mtime are unchanged is an error if `full`, otherwise a warning.

        Raises:
            DataError: if digests differ; it names the files.
        """
        differ = [row for row in different(self.digests, digests, self.width, self.width) if self.same[row]]
        least = SAME_SIZE_MTIME if full else SAME_IDENTITY
        raise_corrupted([self._corrupted(row, digests) for row in differ if self.same[row] >= least])
        warn_corrupted([self._corrupted(row, digests) for row in differ])

    def counts(self) -> dict[str, int]:
        """The facts about the shard that do not depend on a layer: files, links, bytes."""
        sizes = [int(numbers.split(b" ", 3)[2]) for _, numbers in self.files if numbers[:1] == b"f"]
        return {"files": len(sizes), "links": len(self.files) - len(sizes), "bytes": sum(sizes)}

    def _corrupted(self, row: int, digests: bytes) -> Corrupted:
        start = row * self.width
        recorded, found = (rows[start : start + SHA256_BYTES].hex() for rows in (self.digests, digests))
        return Corrupted(self.files[row][0], recorded, found)


def files_of(listed: bytes) -> list[tuple[bytes, bytes]]:
    """Path and numbers of each file and symlink of a list."""
    fields = listed.split(b"\0")
    return [(path, numbers) for numbers, path in zip(fields[::3], fields[1::3], strict=False) if numbers[:1] != b"d"]


def different(one: bytes | bytearray, other: bytes, width: int, other_width: int) -> Iterator[int]:
    """The rows with other sha256, which is the first digest of each row. width: bytes of a row."""
    if one == other:
        return
    for row in range(len(one) // width):
        start, other_start = row * width, row * other_width
        if one[start : start + SHA256_BYTES] != other[other_start : other_start + SHA256_BYTES]:
            yield row


def selected(listed: bytes, unread: Sequence[int]) -> bytes:
    """The list with all folders, and with the files and symlinks whose value in `unread` is 0."""
    fields, left = listed.split(b"\0"), iter(unread)
    records = zip(fields[:-1:3], fields[1::3], fields[2::3], strict=True)
    kept = [record for record in records if record[0][:1] == b"d" or not next(left)]
    return b"".join(b"%b\0%b\0%b\0" % record for record in kept)


def compare(listed: bytes, first: bytes, second: bytes) -> None:
    """Raises DataError, which names a file of the list, if the digests of two reads differ."""
    if first == second:
        return
    files = files_of(listed)
    width = len(first) // len(files)
    rows = (row for row in range(len(files)) if first[row * width :][:width] != second[row * width :][:width])
    raise DataError(
        f"{os.fsdecode(files[next(rows)][0])!r} changed while it was read: two reads returned different bytes; end the "
        "process that writes it, or pack a snapshot of the dataset, and run snakemake again"
    )


def look_up(
    results: Results, earlier: Sequence[EarlierShard], listed: bytes, digests: Sequence[str], functions: Functions
) -> Known:
    """The results for the files of a list. earlier: the shards that may contain them, the newest first."""
    known = Known(files_of(listed), digests)
    # A path that several shards contain leaves the dictionary with the newest one.
    wanted = {path: row for row, (path, numbers) in enumerate(known.files) if numbers[:1] == b"f"}
    for one in earlier:
        try:
            _add(known, wanted, results, one, functions)
        except (OSError, ValueError, DataError) as error:
            logger.warning("the records of the shard %s cannot be read and are ignored: %s", one.name, error)
    return known


def _add(known: Known, wanted: dict[bytes, int], results: Results, one: EarlierShard, functions: Functions) -> None:
    """Adds the results of a shard for wanted paths."""
    listed, recorded = results.known_list(one.name).read_bytes(), results.digests(one.name).read_bytes()
    found = hashlib.sha256(listed).hexdigest()[: len(one.name)], hashlib.sha256(recorded).hexdigest()
    if found != (one.name, one.sha256):
        raise DataError("a digest is not the recorded one")
    files, fields = files_of(listed), _fields(results, one.name, functions)
    if fields and len(fields) != len(files):
        raise DataError(f"{len(files)} files and symlinks, but {len(fields)} fields")
    width = sum(DIGEST_BYTES[name] for name in one.digests)
    # Configurations rarely differ in other digests than the last ones.
    common = takewhile(lambda pair: pair[0] == pair[1], zip(known.names, one.digests, strict=False))
    size = sum(DIGEST_BYTES[name] for name, _ in common)
    for number, (path, numbers) in enumerate(files):
        row = wanted.pop(path, None) if numbers[:1] == b"f" else None
        if row is None:
            continue
        same = known.same[row] = _agreement(known.files[row][1], numbers)
        begin, other = row * known.width, number * width
        known.digests[begin : begin + size] = recorded[other : other + size]
        if same == SAME_IDENTITY:
            known.unread[row] = size == known.width
            known.fields[row] = fields[number] if fields else None


def _agreement(numbers: bytes, recorded: bytes) -> int:
    """SAME_IDENTITY, SAME_SIZE_MTIME or 0, from the numbers of a file and the recorded ones."""
    if numbers == recorded:
        return SAME_IDENTITY
    status, was = numbers.split(b" ")[2:6], recorded.split(b" ")[2:6]
    return SAME_IDENTITY if status == was else SAME_SIZE_MTIME if status[:2] == was[:2] else 0


def _fields(results: Results, shard: str, functions: Functions) -> list[str | None] | None:
    """The fields of a shard's files; None if there are none of the given functions."""
    path = results.known_fields(shard)
    if not functions or not path.exists():
        return None
    from datacontainer.hash.userfields import read_fields

    return read_fields(path, functions)
