"""The records of a shard as columns: from scan's list, and from the digests and the users' fields that hash wrote."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.catalog.fields import DIGEST_MARK
from datacontainer.catalog.text import text_parts

# The numbers of a record, after its kind. A record of a followed symlink has one more.
NUMBERS = {"mode": pa.string(), "size": pa.int64(), "mtime": pa.int64(), "ctime": pa.int64(), "inode": pa.uint64()}
SHORT = re.compile(rb"^((?:[^ \n]+ ){5}[^ \n]+)$", re.MULTILINE)
# The fields of a record, each with a NUL at its end.
HEAD, PATH, TARGET = range(3)
CSV_BLOCK_BYTES = 1 << 24


class ShardFiles(NamedTuple):
    """The files with a shard's records. fields: those of the users' functions; None without functions."""

    listed: Path
    digests: Path
    fields: Path | None = None


class Records(NamedTuple):
    """The records of a shard, a row for each file and symlink.

    table: the columns of every catalog, and those of the users' fields. sha256: rows of bytes. lines: paths with NUL.
    """

    table: pa.Table
    sha256: np.ndarray
    lines: pa.Array


class Listed:
    """The files and symlinks of a list, as columns. Empty folders have no row."""

    def __init__(self, listed: bytes) -> None:
        """listed: the content of the list."""
        self._bytes = np.frombuffer(listed, np.uint8)
        begins, ends = _bounds(self._bytes)
        kinds = self._bytes[begins[:, HEAD]]
        rows = np.flatnonzero(kinds != ord("d"))
        self._begins, self._ends = (begins, ends) if len(rows) == len(begins) else (begins[rows], ends[rows])
        self.is_link = kinds[rows] == ord("l")

    def __len__(self) -> int:
        """The number of files and symlinks."""
        return len(self.is_link)

    def texts(self, field: int, end: int = 0) -> pa.Array:
        """The texts (large_binary) of PATH or TARGET; end: 1 with the NUL at the end of each."""
        bounds = np.full(2 * len(self) + 1, len(self._bytes))
        bounds[:-1:2], bounds[1::2] = self._begins[:, field], self._ends[:, field] + end
        buffers = [None, pa.py_buffer(bounds), pa.py_buffer(self._bytes)]
        both = pa.LargeBinaryArray.from_buffers(pa.large_binary(), 2 * len(self), buffers)
        return both.take(pa.array(np.arange(0, 2 * len(self), 2)))

    def numbers(self, *names: str) -> pa.Table:
        """The columns with these names of NUMBERS."""
        if not len(self):
            return pa.schema([(name, NUMBERS[name]) for name in names]).empty_table()
        text = text_parts(self.texts(HEAD, end=1))[1].copy()
        text[text == 0] = ord("\n")
        content, columns = pa.py_buffer(text), ["kind", *NUMBERS]
        if np.count_nonzero(text == ord(" ")) > len(NUMBERS) * len(self):
            content, columns = pa.py_buffer(SHORT.sub(rb"\1 0", text.tobytes())), [*columns, "through"]
        return pa.csv.read_csv(
            pa.BufferReader(content),
            pa.csv.ReadOptions(use_threads=False, column_names=columns, block_size=CSV_BLOCK_BYTES),
            pa.csv.ParseOptions(delimiter=" ", quote_char=False),
            pa.csv.ConvertOptions(column_types=NUMBERS, include_columns=names),
        ).combine_chunks()


def read_rows(digests: bytes, names: Sequence[str]) -> np.ndarray:
    """The digests of each file and symlink, as rows of bytes."""
    return np.frombuffer(digests, np.uint8).reshape(-1, sum(DIGEST_BYTES[name] for name in names))


def split_rows(rows: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The bytes of each digest in rows that contain all."""
    ends = np.cumsum([DIGEST_BYTES[name] for name in names])
    return dict(zip(names, np.split(rows, ends[:-1], axis=1), strict=True))


def built_in(shards: Sequence[ShardFiles], digests: Sequence[str]) -> list[pa.Field]:
    """The columns of every catalog: path, size, mtime, a column of hex text per digest, link; binary for odd names."""
    types = {pa.string()}, {pa.string()}
    for shard in shards:
        listed = shard.listed.read_bytes()
        # Texts in a list are separated by NUL, so the list is UTF-8 if each of them is.
        if not (listed.isascii() or _is_unicode(listed)):
            for found, column in zip(types, _names(Listed(listed)), strict=True):
                found.add(column.type)
    path, link = (pa.binary() if pa.binary() in found else pa.string() for found in types)
    texts = [pa.field(name, pa.string(), metadata=DIGEST_MARK) for name in digests]
    times = pa.field("mtime", pa.timestamp("ns", "UTC"))
    return [pa.field("path", path), pa.field("size", pa.int64()), times, *texts, pa.field("link", link)]


def read_shard(files: ShardFiles, digests: Sequence[str]) -> Records:
    """The records of a shard. digests: the names of those that hash wrote."""
    listed, rows = Listed(files.listed.read_bytes()), read_rows(files.digests.read_bytes(), digests)
    numbers = listed.numbers("size", "mtime")
    path, link = _names(listed)
    table = pa.table({"path": path, "size": numbers["size"], "mtime": numbers["mtime"].cast(pa.timestamp("ns", "UTC"))})
    for name, column in split_rows(rows, digests).items():
        table = table.append_column(pa.field(name, pa.string(), metadata=DIGEST_MARK), hex_text(column))
    table = table.append_column("link", link)
    if files.fields:
        users = pq.read_table(files.fields)
        table = pa.table([*table.columns, *users.columns], pa.schema([*table.schema, *users.schema]))
    return Records(table, rows[:, : DIGEST_BYTES["sha256"]], listed.texts(PATH, end=1))


def _names(listed: Listed) -> tuple[pa.Array, pa.Array]:
    """The columns path and link: strings, or binary if a name is not UTF-8."""
    link = pa.nulls(len(listed), pa.binary())
    if listed.is_link.any():
        link = pc.if_else(pa.array(listed.is_link), listed.texts(TARGET).cast(pa.binary()), link)
    return _text(listed.texts(PATH)), _text(link)


def hex_text(rows: np.ndarray) -> pa.Array:
    """A column with the hexadecimal text of each row of bytes."""
    count, width = rows.shape
    text = np.ascontiguousarray(rows).tobytes().hex().encode()
    offsets = np.arange(0, 2 * width * (count + 1), 2 * width, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def _text(names: pa.Array) -> pa.Array:
    try:
        return names.cast(pa.string())
    except pa.ArrowInvalid:
        return names.cast(pa.binary())


def _is_unicode(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _bounds(listed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The begins and the ends of the fields of a list's records, one row for each record."""
    ends = np.flatnonzero(listed == 0)
    begins = np.zeros_like(ends)
    begins[1:] = ends[:-1] + 1
    return begins.reshape(-1, 3), ends.reshape(-1, 3)
