"""The cutting of a sorted list of files into shards, at places that depend on the names near them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from datacontainer.outputs import write_bytes
from datacontainer.shardlist import Record

# A shard is a job and a layer: below this it is not worth the start of one.
MIN_FILES = 2048
MIN_BYTES = 256 << 20
# Docker takes 125 layers, and the entrypoint is one of them. A shard reaches the least number of files or the least
# number of bytes, so with these shares of the whole there are at most 40 + 40 shards, and 2 more for each of the
# at most 5 files that are shards of their own.
SHARES = 40
# A file this many times the least shard is a shard of its own; a shard this many times as large is cut anywhere.
LARGE = 8


@dataclass(frozen=True)
class Shard:
    """Files handled by one job; `name` is the digest of the list of them."""

    name: str
    files: int
    size_bytes: int


@dataclass(frozen=True)
class Limits:
    """The least size of a shard; powers of two, so that they seldom change as a dataset grows."""

    files: int
    size_bytes: int

    @classmethod
    def of(cls, files: int, size_bytes: int) -> "Limits":
        """The limits for a dataset of this many files and bytes."""
        return cls(_doubled(MIN_FILES, files), _doubled(MIN_BYTES, size_bytes))


def cut(records: Iterable[Record], spool: IO[bytes], lists: Path) -> list[Shard]:
    """Writes the records, in their order, as one shard list each into `lists`; at least one, if empty.

    `spool` holds the records meanwhile, as where to cut depends on the dataset's whole size: memory stays that of a
    single shard's list.
    """
    files = size_bytes = 0
    for record in records:
        spool.write(record.encode())
        files += 1
        size_bytes += record.size
    spool.seek(0)
    limits = Limits.of(files, size_bytes)
    return [shard.write(lists) for shard in _shards(_encoded(spool), limits)]


@dataclass
class _OpenShard:
    records: list[bytes] = field(default_factory=list)
    size_bytes: int = 0
    closed: bool = False

    def add(self, encoded: bytes, size_bytes: int) -> None:
        self.records.append(encoded)
        self.size_bytes += size_bytes

    def ends_before(self, path: bytes, size_bytes: int, limits: Limits) -> bool:
        if not self.records:
            return False
        if self.closed or size_bytes >= LARGE * limits.size_bytes:
            return True
        fill = max(len(self.records) / limits.files, self.size_bytes / limits.size_bytes)
        if fill < 1:
            return False
        return fill >= LARGE or _chance(path) < max(1 / limits.files, size_bytes / limits.size_bytes)

    def write(self, lists: Path) -> Shard:
        content = b"".join(self.records)
        name = hashlib.sha256(content).hexdigest()[:20]
        write_bytes(lists / f"{name}.list", content)
        return Shard(name, len(self.records), self.size_bytes)


def _shards(encoded: Iterator[tuple[bytes, bytes, int]], limits: Limits) -> Iterator[_OpenShard]:
    shard = _OpenShard()
    for record, path, size_bytes in encoded:
        if shard.ends_before(path, size_bytes, limits):
            yield shard
            shard = _OpenShard()
        shard.add(record, size_bytes)
        shard.closed = size_bytes >= LARGE * limits.size_bytes
    yield shard


def _encoded(spool: IO[bytes]) -> Iterator[tuple[bytes, bytes, int]]:
    """The spooled records as (whole record, path, size)."""
    rest = b""
    while block := spool.read(1 << 20):
        fields = (rest + block).split(b"\0")
        whole = (len(fields) - 1) // 3 * 3
        for i in range(0, whole, 3):
            yield b"\0".join(fields[i : i + 3]) + b"\0", fields[i + 1], int(fields[i].split(b" ", 3)[2])
        rest = b"\0".join(fields[whole:])


def _chance(path: bytes) -> float:
    """A number from 0 to 1 that depends on the path alone."""
    return int.from_bytes(hashlib.blake2b(path, digest_size=8).digest(), "big") / 2**64


def _doubled(least: int, total: int) -> int:
    while least * SHARES < total:
        least *= 2
    return least
