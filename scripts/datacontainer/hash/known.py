"""Reuse: what earlier runs found in a shard's files, so that a file that did not change is not read, or compared."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.hash.corruption import Corrupted, raise_corrupted, warn_of
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import completed
from datacontainer.scan.records import FILE, Record

ABOUT = b"datacontainer"
# What a file is known by; the names that a file's status has.
IDENTITY = {"path": pa.binary(), "size": pa.int64(), "mtime": pa.int64(), "ctime": pa.int64(), "inode": pa.uint64()}


class Making(NamedTuple):
    """What a record depends on besides its file: the format version, and the user's functions with their digests."""

    format: int
    functions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Known:
    """What earlier runs found, a row for each file and link of a shard; of links nothing is known.

    alike: the files whose size and modification time are as recorded. same: those of them whose ctime and inode are,
    too. digests: text, null where it is not known. fields: the user's, as JSON, null where a function must be called.
    """

    listed: pa.Table
    alike: np.ndarray
    same: np.ndarray
    digests: dict[str, pa.Array]
    fields: pa.Array

    def unread(self) -> np.ndarray:
        """Which files need not be read for their digests."""
        unread = self.same
        for column in self.digests.values():
            unread = unread & _mask(pc.is_valid(column))
        return unread

    def joined(self, read: np.ndarray, found: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """The digests of all rows: those found in the rows that were `read`, and of the others those that are known."""
        return {name: pc.replace_with_mask(known, read, found[name]) for name, known in self.digests.items()}

    def check(self, sha256: pa.Array, full: bool) -> None:
        """Compares the digests with the recorded ones of files that are the same; of those that are alike if `full`.

        Otherwise it warns of these.

        Raises:
            DataError: when they differ, naming the files.
        """
        differ = _mask(pc.not_equal(self.digests["sha256"], sha256))
        raise_corrupted(self._corrupted(sha256, (self.alike if full else self.same) & differ))
        warn_of(self._corrupted(sha256, self.alike & ~self.same & differ))

    def _corrupted(self, sha256: pa.Array, rows: np.ndarray) -> list[Corrupted]:
        columns = (self.listed["path"], self.digests["sha256"], sha256)
        return [Corrupted(*(column[row].as_py() for column in columns)) for row in np.flatnonzero(rows).tolist()]


def list_files(records: Sequence[Record]) -> pa.Table:
    """The files and links of a shard as a table with the columns of IDENTITY, and `file`: whether it is one."""
    values = ([r.path for r in records], [r.size for r in records], [r.mtime_ns for r in records])
    more = ([r.ctime_ns for r in records], [r.inode for r in records])
    columns = [pa.array(column, kind) for column, kind in zip(values + more, IDENTITY.values(), strict=True)]
    is_file = pa.array([r.kind == FILE for r in records], pa.bool_())
    return pa.table([*columns, is_file], [*IDENTITY, "file"])


def look_up(folder: Path | None, listed: pa.Table, digests: Sequence[str], making: Making) -> Known:
    """What the records in `folder` (none: nothing) tell of the files of `listed`, a table as list_files gives it."""
    empty = pa.schema([*IDENTITY.items(), *((name, pa.string()) for name in [*digests, "fields"])]).empty_table()
    tables = [empty, *_earlier(folder, listed["path"], empty.schema, making)]
    earlier = pa.concat_tables(tables).combine_chunks()
    # The first of several records of a path counts: that of the newest run.
    rows = earlier.take(pc.index_in(listed["path"], value_set=earlier["path"]))
    alike = _mask(listed["file"]) & _equal(rows, listed, "size") & _equal(rows, listed, "mtime")
    same = alike & _equal(rows, listed, "ctime") & _equal(rows, listed, "inode")
    columns = {name: _one_chunk(rows[name]) for name in digests}
    fields = pc.if_else(pa.array(same), _one_chunk(rows["fields"]), pa.scalar(None, pa.string()))
    return Known(listed, alike, same, columns, fields)


def write_known(
    path: Path, listed: pa.Table, digests: dict[str, pa.Array], fields: Sequence[str | None], making: Making
) -> None:
    """Writes what look_up finds again: of each file of `listed` its digests and fields; nothing when there is none."""
    columns = {**digests, "fields": pa.array(fields, pa.string())}
    for name, column in columns.items():
        listed = listed.append_column(name, column)
    table = listed.filter(listed["file"]).drop_columns(["file"])
    if not table.num_rows:
        return
    # The footer's own least and greatest path may be shortened, or left out.
    about = {**making._asdict(), "first": table["path"][0].as_py().hex(), "last": table["path"][-1].as_py().hex()}
    table = table.replace_schema_metadata({ABOUT: json.dumps(about).encode()})
    with completed(path) as partial:
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)


def _earlier(folder: Path | None, paths: pa.ChunkedArray, schema: pa.Schema, making: Making) -> Iterator[pa.Table]:
    """The tables that may know some of the sorted `paths`, the newest first, all with the same columns."""
    if folder is None or not folder.is_dir() or not len(paths):
        return
    span = paths[0].as_py(), paths[-1].as_py()
    for file in sorted(folder.glob("*.parquet"), key=lambda file: (-file.stat().st_mtime_ns, file.name)):
        try:
            table = _read(file, span, making)
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            logger.warning("%s cannot be read and is not used: %s", file, error)
            continue
        if table is not None:
            yield _with_columns(table, schema)


def _read(file: Path, span: tuple[bytes, bytes], making: Making) -> pa.Table | None:
    """The file's table; None when it knows nothing of the span of paths, or has another format."""
    about = json.loads((pq.read_schema(file).metadata or {})[ABOUT])
    first, last = bytes.fromhex(about["first"]), bytes.fromhex(about["last"])
    if about["format"] != making.format or last < span[0] or span[1] < first:
        return None
    table = pq.read_table(file, page_checksum_verification=True)
    # Tuples have become lists on the way.
    same_functions = about["functions"] == [list(function) for function in making.functions]
    return table if same_functions else table.drop_columns(["fields"])


def _with_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    names = table.column_names
    columns = [table[one.name] if one.name in names else pa.nulls(table.num_rows, one.type) for one in schema]
    return pa.table(columns, schema)


def _equal(one: pa.Table, other: pa.Table, name: str) -> np.ndarray:
    return _mask(pc.equal(one[name], other[name]))


def _mask(truths: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """The truth values, with what is unknown as false."""
    return np.asarray(pc.fill_null(truths, False).to_numpy(zero_copy_only=False), bool)


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)
