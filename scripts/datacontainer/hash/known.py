"""Reuse: the results of earlier runs, with which unchanged files are compared, or which save reading them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.hash.corruption import Corrupted, raise_corrupted, warn_corrupted
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import completed
from datacontainer.scan.records import FILE, Record

ABOUT = b"datacontainer"
# The columns that identify a version of a file: its path and its status.
IDENTITY = {"path": pa.binary(), "size": pa.int64(), "mtime": pa.int64(), "ctime": pa.int64(), "inode": pa.uint64()}


class RecordKey(NamedTuple):
    """The inputs of a record besides the file: the format version, and the user's functions with their digests."""

    format: int
    functions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Known:
    """The results of earlier runs, one row for each file and symlink of a shard; empty for symlinks.

    same_size_mtime: whether size and mtime equal the recorded ones. same_identity: whether also ctime and inode do.
    digests: text, null if unknown. fields: the user's fields as JSON, null if the functions must be called.
    """

    listed: pa.Table
    same_size_mtime: np.ndarray
    same_identity: np.ndarray
    digests: dict[str, pa.Array]
    fields: pa.Array

    def unread(self) -> np.ndarray:
        """A mask of the files whose digests are all known."""
        unread = self.same_identity
        for column in self.digests.values():
            unread = unread & _mask(pc.is_valid(column))
        return unread

    def joined(self, read: np.ndarray, found: dict[str, pa.Array]) -> dict[str, pa.Array]:
        """The digests of all rows: in the rows of the mask `read` those of `found`, in order, otherwise known ones."""
        return {name: pc.replace_with_mask(known, read, found[name]) for name, known in self.digests.items()}

    def check(self, sha256: pa.Array, full: bool) -> None:
        """Compares the digests of files with an unchanged status to the recorded digests.

        A difference in a file of which only size and mtime are unchanged is an error if `full`, otherwise a warning.

        Raises:
            DataError: if digests differ; it names the files.
        """
        differ = _mask(pc.not_equal(self.digests["sha256"], sha256))
        raise_corrupted(self._corrupted(sha256, (self.same_size_mtime if full else self.same_identity) & differ))
        warn_corrupted(self._corrupted(sha256, self.same_size_mtime & ~self.same_identity & differ))

    def _corrupted(self, sha256: pa.Array, rows: np.ndarray) -> list[Corrupted]:
        columns = (self.listed["path"], self.digests["sha256"], sha256)
        return [Corrupted(*(column[row].as_py() for column in columns)) for row in np.flatnonzero(rows).tolist()]


def list_files(records: Sequence[Record]) -> pa.Table:
    """A table of the files and symlinks of a shard, with the columns of IDENTITY, and `file`, false for a symlink."""
    values = ([r.path for r in records], [r.size for r in records], [r.mtime_ns for r in records])
    more = ([r.ctime_ns for r in records], [r.inode for r in records])
    columns = [pa.array(column, kind) for column, kind in zip(values + more, IDENTITY.values(), strict=True)]
    is_file = pa.array([r.kind == FILE for r in records], pa.bool_())
    return pa.table([*columns, is_file], [*IDENTITY, "file"])


def look_up(folder: Path | None, listed: pa.Table, digests: Sequence[str], key: RecordKey) -> Known:
    """The results for the files of `listed`, a table of list_files, from the records in `folder` (None: no results)."""
    empty = pa.schema([*IDENTITY.items(), *((name, pa.string()) for name in [*digests, "fields"])]).empty_table()
    tables = [empty, *_earlier(folder, listed["path"], empty.schema, key)]
    earlier = pa.concat_tables(tables).combine_chunks()
    # If several records have the same path, the first one is used, which is that of the newest run.
    rows = earlier.take(pc.index_in(listed["path"], value_set=earlier["path"]))
    same_size_mtime = _mask(listed["file"]) & _equal(rows, listed, "size") & _equal(rows, listed, "mtime")
    same_identity = same_size_mtime & _equal(rows, listed, "ctime") & _equal(rows, listed, "inode")
    columns = {name: _one_chunk(rows[name]) for name in digests}
    fields = pc.if_else(pa.array(same_identity), _one_chunk(rows["fields"]), pa.scalar(None, pa.string()))
    return Known(listed, same_size_mtime, same_identity, columns, fields)


def write_known(
    path: Path, listed: pa.Table, digests: dict[str, pa.Array], fields: Sequence[str | None], key: RecordKey
) -> None:
    """Writes the records that look_up reads: the digests and fields of each file of `listed`. No rows, no file."""
    columns = {**digests, "fields": pa.array(fields, pa.string())}
    for name, column in columns.items():
        listed = listed.append_column(name, column)
    table = listed.filter(listed["file"]).drop_columns(["file"])
    if not table.num_rows:
        return
    # The minimum and maximum path in the Parquet footer may be truncated or missing.
    about = {**key._asdict(), "first": table["path"][0].as_py().hex(), "last": table["path"][-1].as_py().hex()}
    table = table.replace_schema_metadata({ABOUT: json.dumps(about).encode()})
    with completed(path) as partial:
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)


def _earlier(folder: Path | None, paths: pa.ChunkedArray, schema: pa.Schema, key: RecordKey) -> Iterator[pa.Table]:
    """The tables that may contain some of the sorted `paths`, the newest first, all with the columns of `schema`."""
    if folder is None or not folder.is_dir() or not len(paths):
        return
    span = paths[0].as_py(), paths[-1].as_py()
    for file in sorted(folder.glob("*.parquet"), key=lambda file: (-file.stat().st_mtime_ns, file.name)):
        try:
            table = _read(file, span, key)
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            logger.warning("%s cannot be read and is ignored: %s", file, error)
            continue
        if table is not None:
            yield _with_columns(table, schema)


def _read(file: Path, span: tuple[bytes, bytes], key: RecordKey) -> pa.Table | None:
    """The table of a file; None if it contains no path of the span, or has another format version."""
    about = json.loads((pq.read_schema(file).metadata or {})[ABOUT])
    first, last = bytes.fromhex(about["first"]), bytes.fromhex(about["last"])
    if about["format"] != key.format or last < span[0] or span[1] < first:
        return None
    table = pq.read_table(file, page_checksum_verification=True)
    # JSON contains lists instead of tuples.
    same_functions = about["functions"] == [list(function) for function in key.functions]
    return table if same_functions else table.drop_columns(["fields"])


def _with_columns(table: pa.Table, schema: pa.Schema) -> pa.Table:
    names = table.column_names
    columns = [table[one.name] if one.name in names else pa.nulls(table.num_rows, one.type) for one in schema]
    return pa.table(columns, schema)


def _equal(one: pa.Table, other: pa.Table, name: str) -> np.ndarray:
    return _mask(pc.equal(one[name], other[name]))


def _mask(truths: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """The truth values, with false for null."""
    return np.asarray(pc.fill_null(truths, False).to_numpy(zero_copy_only=False), bool)


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)
