"""Reuse: the results of earlier runs, with which unchanged files are compared, or which save reading them."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.catalog.fields import DIGEST_BYTES
from datacontainer.catalog.shards import PATH, Listed, hex_text, read_rows, split_rows
from datacontainer.config.results import Results
from datacontainer.hash.corruption import Corrupted, raise_corrupted, warn_corrupted
from datacontainer.hash.earlier import EarlierShard
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import completed

FUNCTIONS = b"functions"
# The numbers that identify a version of a file.
STATUS = ("size", "mtime", "ctime", "inode")
SHA256_BYTES = DIGEST_BYTES["sha256"]
# The user's functions, each with the digest of its source.
Functions = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Known:
    """The results of earlier runs, one row for each file and symlink of a shard; empty for symlinks.

    same_size_mtime: whether size and mtime equal the recorded ones. same_identity: whether also ctime and inode do.
    digests: as read_rows returns them; zeros if unknown. unread: whether the file has the same identity, and all of its
    digests are known. fields: the user's fields as JSON, null if the functions must be called.
    """

    listed: Listed
    same_size_mtime: np.ndarray
    same_identity: np.ndarray
    digests: np.ndarray
    unread: np.ndarray
    fields: pa.Array

    def joined(self, found: bytes) -> bytes:
        """The digests of all rows: known ones where `unread` is true, otherwise those of `found`, in order."""
        rows = self.digests.copy()
        rows[~self.unread] = np.frombuffer(found, np.uint8).reshape(-1, rows.shape[1])
        return rows.tobytes()

    def check(self, digests: bytes, full: bool) -> None:
        """Compares the sha256 of files with an unchanged status to the recorded ones. digests: of all rows.

        A difference in a file of which only size and mtime are unchanged is an error if `full`, otherwise a warning.

        Raises:
            DataError: if digests differ; it names the files.
        """
        found = np.frombuffer(digests, np.uint8).reshape(self.digests.shape)
        differ = (self.digests != found)[:, :SHA256_BYTES].any(axis=1)
        raise_corrupted(self._corrupted(found, (self.same_size_mtime if full else self.same_identity) & differ))
        warn_corrupted(self._corrupted(found, self.same_size_mtime & ~self.same_identity & differ))

    def counts(self) -> dict[str, int]:
        """The facts about the shard that do not depend on a layer: files, links, bytes."""
        is_file = pa.array(~self.listed.is_link)
        size_bytes = pc.sum(self.listed.numbers("size")["size"].filter(is_file)).as_py() or 0
        return {"files": is_file.true_count, "links": is_file.false_count, "bytes": size_bytes}

    def _corrupted(self, found: np.ndarray, mask: np.ndarray) -> list[Corrupted]:
        rows = np.flatnonzero(mask)
        return differences(self.listed, rows, self.digests, found) if len(rows) else []


def differences(listed: Listed, rows: np.ndarray, recorded: np.ndarray, found: np.ndarray) -> list[Corrupted]:
    """The files in the given rows, with their recorded and their found digests."""
    paths = listed.texts(PATH).take(pa.array(rows)).to_pylist()
    texts = [hex_text(digests[rows, :SHA256_BYTES]).to_pylist() for digests in (recorded, found)]
    return [Corrupted(*values) for values in zip(paths, *texts, strict=True)]


def compare(listed: Path, first: bytes, second: bytes) -> None:
    """Raises DataError, which names a file of the list, if the digests of two reads differ."""
    if first == second:
        return
    files = Listed(listed.read_bytes())
    one, other = (np.frombuffer(digests, np.uint8).reshape(len(files), -1) for digests in (first, second))
    name = os.fsdecode(files.texts(PATH)[np.flatnonzero((one != other).any(axis=1))[0]].as_py())
    raise DataError(
        f"{name!r} changed while it was read: two reads returned different bytes; end the process that writes it, "
        "or pack a snapshot of the dataset, and run snakemake again"
    )


def look_up(
    results: Results, earlier: Sequence[EarlierShard], listed: bytes, digests: Sequence[str], functions: Functions
) -> Known:
    """The results for the files of a list. earlier: the shards that may contain them, the newest first."""
    files = Listed(listed)
    columns = {"path": pa.large_binary(), **dict.fromkeys(STATUS, pa.int64()), "inode": pa.uint64()}
    columns |= {name: pa.binary(DIGEST_BYTES[name]) for name in digests} | {"fields": pa.string()}
    tables = [_read(results, one, digests, functions) for one in earlier]
    every = pa.concat_tables([pa.schema(columns).empty_table(), *filter(None, tables)]).combine_chunks()
    paths, status = files.texts(PATH), files.numbers(*STATUS)
    # If several shards have the same path, the first one is used, which is that of the newest run.
    rows = every.take(pc.index_in(paths, value_set=every["path"]))
    same = {name: _mask(pc.equal(rows[name], status[name])) for name in STATUS}
    same_size_mtime = ~files.is_link & same["size"] & same["mtime"]
    same_identity = same_size_mtime & same["ctime"] & same["inode"]
    unread = same_identity.copy()
    for name in digests:
        unread &= _mask(pc.is_valid(rows[name]))
    known = np.hstack([_bytes(rows[name], DIGEST_BYTES[name]) for name in digests])
    fields = pc.if_else(pa.array(same_identity), rows["fields"].combine_chunks(), pa.scalar(None, pa.string()))
    return Known(files, same_size_mtime, same_identity, known, unread, fields)


def write_fields(path: Path, texts: Sequence[str | None], functions: Functions) -> None:
    """Writes the fields that look_up reads."""
    table = pa.table({"fields": pa.array(texts, pa.string())}, metadata={FUNCTIONS: json.dumps(functions)})
    with completed(path) as partial:
        pq.write_table(table, partial, compression="zstd", write_page_checksum=True)


def _read(results: Results, one: EarlierShard, digests: Sequence[str], functions: Functions) -> pa.Table | None:
    """The files of a shard with the columns of look_up; None if its records are damaged."""
    try:
        listed, recorded = results.known_list(one.name).read_bytes(), results.digests(one.name).read_bytes()
        found = hashlib.sha256(listed).hexdigest()[: len(one.name)], hashlib.sha256(recorded).hexdigest()
        if found != (one.name, one.sha256):
            raise DataError("a digest is not the recorded one")
        files, parts = Listed(listed), split_rows(read_rows(recorded, one.digests), one.digests)
        table = files.numbers(*STATUS).add_column(0, "path", files.texts(PATH))
        for name in digests:
            unknown = pa.nulls(len(files), pa.binary(DIGEST_BYTES[name]))
            table = table.append_column(name, _fixed(parts[name]) if name in parts else unknown)
        fields = _read_fields(results.known_fields(one.name), functions)
        table = table.append_column("fields", pa.nulls(len(files), pa.string()) if fields is None else fields)
        return table.filter(pa.array(~files.is_link))
    except (OSError, ValueError, KeyError, TypeError, DataError, pa.ArrowException) as error:
        logger.warning("the records of the shard %s cannot be read and are ignored: %s", one.name, error)
        return None


def _fixed(rows: np.ndarray) -> pa.Array:
    content = pa.py_buffer(np.ascontiguousarray(rows))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(rows.shape[1]), len(rows), [None, content])


def _read_fields(path: Path, functions: Functions) -> pa.ChunkedArray | None:
    """The fields of a shard's files; None if there are none of the given functions."""
    if not functions or not path.exists():
        return None
    table = pq.read_table(path, page_checksum_verification=True)
    # JSON contains lists instead of tuples.
    same = json.loads(table.schema.metadata[FUNCTIONS]) == [list(function) for function in functions]
    return table["fields"] if same else None


def _bytes(column: pa.ChunkedArray, width: int) -> np.ndarray:
    """The values of a column, as rows of bytes; zeros for null."""
    array = pc.fill_null(column, bytes(width)).combine_chunks()
    content = array.buffers()[1]
    rows = np.frombuffer(content, np.uint8) if content else np.empty(0, np.uint8)
    return rows[array.offset * width : (array.offset + len(array)) * width].reshape(-1, width)


def _mask(truths: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """The truth values, with false for null."""
    return np.asarray(pc.fill_null(truths, False).to_numpy(zero_copy_only=False), bool)
