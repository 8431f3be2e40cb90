"""Counts over a catalog's rows: files and bytes by folder, by size and by value, and duplicate files."""

import binascii
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.catalog.text import text_parts

BATCH_ROWS = 1 << 17
TOP_FOLDER = rb"^(?P<folder>[^/]+)/"
LARGEST_COUNTED_BYTES = 1 << 27
# Size classes begin at 0, 1 B, 10 B, 100 B, … 1 PB.
CLASS_STARTS = (0, *(10**power for power in range(16)))


class Count(NamedTuple):
    """Number of files and their bytes, by key.

    key: a top-level folder (b"" for files in no folder), the number of a size class, or a value of a column.
    """

    key: bytes | int | str
    files: int
    size_bytes: int


class Duplicates(NamedTuple):
    """A group of files with the same content: its sha256, the number of files, the size of each, the first names."""

    sha256: str
    files: int
    size_bytes: int
    names: Sequence[bytes] = ()

    @property
    def wasted_bytes(self) -> int:
        """The bytes of all files of the group but one."""
        return (self.files - 1) * self.size_bytes


class Counts:
    """Counts over the files of a catalog, without symlinks. Memory: 40 bytes per file, and one batch of rows."""

    def __init__(self, catalog: Path) -> None:
        """Reads the catalog once."""
        self._catalog = catalog
        self._folders, self._classes, self._contents = [_no_counts(pa.binary())], [_no_counts(pa.int8())], [NO_CONTENTS]
        for files in file_batches(catalog, ["path", "size", "sha256"]):
            self._folders.append(_counted(_top_folders(files["path"]), files["size"]))
            self._classes.append(_counted(_size_classes(files["size"]), files["size"]))
            self._contents.append(_digests_and_sizes(files))

    def folders(self, most: int) -> tuple[list[Count], Count]:
        """Returns the top-level folders with the most bytes, and the sum of the other folders (key: their number)."""
        joined = _joined(self._folders)
        order = pc.sort_indices(joined, [("bytes", "descending"), ("key", "ascending")])
        others = joined.take(order[most:])
        rest = Count(others.num_rows, _sum(others["files"]), _sum(others["bytes"]))
        return _rows(joined.take(order[:most])), rest

    def size_classes(self) -> list[Count]:
        """Returns the files by size class, from the smallest class that has files to the largest."""
        found = {row.key: row for row in _rows(_joined(self._classes))}
        keys = [key for key in found if isinstance(key, int)]
        return [found.get(key, Count(key, 0, 0)) for key in range(min(keys), max(keys) + 1)] if keys else []

    def duplicates(self, most: int, names: int) -> list[Duplicates]:
        """Returns the groups that waste the most bytes, with up to `names` names each. Reads the catalog again."""
        contents = pa.concat_tables(self._contents).group_by(["sha256", "size"], use_threads=False)
        groups = contents.aggregate([([], "count_all")])
        groups = groups.filter(pc.greater(groups["count_all"], 1))
        wasted = pc.multiply(pc.subtract(groups["count_all"], 1), groups["size"])
        order = pc.sort_indices(
            groups.append_column("wasted", wasted), [("wasted", "descending"), ("sha256", "ascending")]
        )
        largest = groups.take(order[:most]).to_pylist()
        found = [Duplicates(row["sha256"].hex(), row["count_all"], row["size"]) for row in largest]
        return _named(found, self._catalog, names)


def count_values(catalog: Path, column: str, most: int) -> tuple[list[Count], int]:
    """Returns the most frequent values of a text or boolean column, and the number of distinct values.

    Memory: LARGEST_COUNTED_BYTES and a batch. If the distinct values take more than half of that, the counting stops:
    the list is empty, and the number is that of the distinct values so far.
    """
    parts = [_no_counts(pa.string())]
    for batch in file_batches(catalog, ["size", column]):
        files = batch.filter(pc.is_valid(batch[column]))
        parts.append(_counted(files[column].cast(pa.string()), files["size"]))
        if sum(part.nbytes for part in parts) > LARGEST_COUNTED_BYTES:
            parts = [_joined(parts)]
            if parts[0].nbytes > LARGEST_COUNTED_BYTES // 2:
                return [], parts[0].num_rows
    counts = _joined(parts)
    order = pc.sort_indices(counts, [("files", "descending"), ("key", "ascending")])
    return _rows(counts.take(order[:most])), counts.num_rows


def file_batches(catalog: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yields the rows of files, without symlinks, in batches; `path` is binary."""
    with pq.ParquetFile(catalog) as file:
        linked = "link" in file.schema_arrow.names
        for batch in file.iter_batches(BATCH_ROWS, columns=[*columns, *(["link"] if linked else [])]):
            table = pa.table(batch)
            if "path" in columns:
                table = table.set_column(0, "path", table["path"].cast(pa.binary()))
            yield table.filter(pc.is_null(table["link"])) if linked else table


def _top_folders(paths: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.struct_field(pc.extract_regex(paths, TOP_FOLDER), "folder"), b"")


def _size_classes(sizes: pa.ChunkedArray) -> pa.ChunkedArray:
    """The number of each size's class, by comparisons: they are exact, a logarithm is not."""
    number = pc.multiply(sizes, 0).cast(pa.int8())
    for start in CLASS_STARTS[1:]:
        number = pc.add(number, pc.greater_equal(sizes, start).cast(pa.int8()))
    return number


def _counted(keys: pa.ChunkedArray, sizes: pa.ChunkedArray) -> pa.Table:
    groups = pa.table({"key": keys, "size": sizes}).group_by("key", use_threads=False)
    counts = groups.aggregate([("size", "count"), ("size", "sum")])
    return pa.table({"key": counts["key"], "files": counts["size_count"], "bytes": counts["size_sum"]})


def _no_counts(key: pa.DataType) -> pa.Table:
    return pa.Table.from_batches([], pa.schema([("key", key), ("files", pa.int64()), ("bytes", pa.int64())]))


def _joined(counts: Sequence[pa.Table]) -> pa.Table:
    groups = pa.concat_tables(counts).group_by("key", use_threads=False)
    return groups.aggregate([("files", "sum"), ("bytes", "sum")]).rename_columns(["key", "files", "bytes"])


def _rows(counts: pa.Table) -> list[Count]:
    return [Count(row["key"], row["files"], row["bytes"]) for row in counts.to_pylist()]


def _sum(column: pa.ChunkedArray) -> int:
    return pc.sum(column).as_py() or 0


# A table without chunks, as pyarrow imports pandas to make an array without values.
NO_CONTENTS = pa.Table.from_batches(
    [], pa.schema([("sha256", pa.binary(DIGEST_BYTES["sha256"])), ("size", pa.int64())])
)


def _digests_and_sizes(files: pa.Table) -> pa.Table:
    """The digest (binary) and the size of each file that is not empty."""
    files = files.filter(pc.greater(files["size"], 0))
    _, digits = text_parts(files["sha256"].cast(pa.large_binary()).combine_chunks())
    buffers = [None, pa.py_buffer(binascii.unhexlify(digits.data))]
    digests = pa.FixedSizeBinaryArray.from_buffers(NO_CONTENTS.schema.field("sha256").type, files.num_rows, buffers)
    return pa.table([digests, files["size"].combine_chunks()], NO_CONTENTS.schema)


def _named(found: Sequence[Duplicates], catalog: Path, most: int) -> list[Duplicates]:
    names: dict[str, list[bytes]] = {one.sha256: [] for one in found}
    for files in file_batches(catalog, ["path", "sha256"]) if found else ():
        for sha256, known in names.items():
            more = files.filter(pc.equal(files["sha256"], sha256))["path"]
            known.extend(more[: most - len(known)].to_pylist())
    return [one._replace(names=names[one.sha256]) for one in found]
