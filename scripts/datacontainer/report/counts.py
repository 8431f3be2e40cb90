"""What a catalog's rows add up to by folder and by size, and which contents repeat; in columns."""

import binascii
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.catalog.fields import DIGEST_BYTES
from datacontainer.catalog.text import text_parts

BATCH_ROWS = 1 << 17
TOP_FOLDER = rb"^(?P<folder>[^/]+)/"
# Size classes begin at 0, 1 B, 10 B, 100 B, … 1 PB.
CLASS_STARTS = (0, *(10**power for power in range(16)))


class Count(NamedTuple):
    """Files, and the bytes in them, of one folder (b"" for files in none) or of one size class (its number)."""

    key: bytes | int
    files: int
    size_bytes: int


class Repeated(NamedTuple):
    """A content that several files have, the size of each, and the first of their names."""

    sha256: str
    files: int
    size_bytes: int
    names: Sequence[bytes] = ()

    @property
    def wasted_bytes(self) -> int:
        """What one file for all would spare."""
        return (self.files - 1) * self.size_bytes


class Counts:
    """Counts over the files of a catalog. Memory: 40 bytes per file, and one batch of rows.

    Links are left out, as everywhere where bytes are counted.
    """

    def __init__(self, catalog: Path) -> None:
        """Reads the catalog once."""
        self._catalog = catalog
        self._folders, self._classes, self._contents = [_no_counts(pa.binary())], [_no_counts(pa.int8())], [NO_CONTENTS]
        for files in _batches(catalog, ["path", "size", "sha256"]):
            self._folders.append(_counted(_top_folders(files["path"]), files["size"]))
            self._classes.append(_counted(_size_classes(files["size"]), files["size"]))
            self._contents.append(_digests_and_sizes(files))

    def folders(self, most: int) -> tuple[list[Count], Count]:
        """The folders at the top with the most bytes, and the sum of all others, whose key is their number."""
        joined = _joined(self._folders)
        order = pc.sort_indices(joined, [("bytes", "descending"), ("key", "ascending")])
        others = joined.take(order[most:])
        rest = Count(others.num_rows, _sum(others["files"]), _sum(others["bytes"]))
        return _rows(joined.take(order[:most])), rest

    def size_classes(self) -> list[Count]:
        """The files by size, from the class of the smallest to that of the largest."""
        found = {row.key: row for row in _rows(_joined(self._classes))}
        keys = [key for key in found if isinstance(key, int)]
        return [found.get(key, Count(key, 0, 0)) for key in range(min(keys), max(keys) + 1)] if keys else []

    def repeated(self, most: int, names: int) -> list[Repeated]:
        """The contents that waste the most bytes, with up to `names` names of each; reads the catalog again."""
        contents = pa.concat_tables(self._contents).group_by(["sha256", "size"], use_threads=False)
        groups = contents.aggregate([([], "count_all")])
        groups = groups.filter(pc.greater(groups["count_all"], 1))
        wasted = pc.multiply(pc.subtract(groups["count_all"], 1), groups["size"])
        order = pc.sort_indices(
            groups.append_column("wasted", wasted), [("wasted", "descending"), ("sha256", "ascending")]
        )
        largest = groups.take(order[:most]).to_pylist()
        found = [Repeated(row["sha256"].hex(), row["count_all"], row["size"]) for row in largest]
        return _named(found, self._catalog, names)


def _batches(catalog: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """The files' rows, without links; the paths as bytes."""
    with pq.ParquetFile(catalog) as file:
        linked = "link" in file.schema_arrow.names
        for batch in file.iter_batches(BATCH_ROWS, columns=[*columns, *(["link"] if linked else [])]):
            table = pa.table(batch)
            table = table.set_column(0, "path", table["path"].cast(pa.binary()))
            yield table.filter(pc.is_null(table["link"])) if linked else table


def _top_folders(paths: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.struct_field(pc.extract_regex(paths, TOP_FOLDER), "folder"), b"")


def _size_classes(sizes: pa.ChunkedArray) -> pa.ChunkedArray:
    """The number of the class that each size is in; the comparisons are exact, where a logarithm would not be."""
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


# Without chunks: pyarrow imports pandas to make an array of no values.
NO_CONTENTS = pa.Table.from_batches(
    [], pa.schema([("sha256", pa.binary(DIGEST_BYTES["sha256"])), ("size", pa.int64())])
)


def _digests_and_sizes(files: pa.Table) -> pa.Table:
    """The digest (as bytes) and the size of each file that is not empty."""
    files = files.filter(pc.greater(files["size"], 0))
    _, digits = text_parts(files["sha256"].cast(pa.large_binary()).combine_chunks())
    buffers = [None, pa.py_buffer(binascii.unhexlify(digits.data))]
    digests = pa.FixedSizeBinaryArray.from_buffers(NO_CONTENTS.schema.field("sha256").type, files.num_rows, buffers)
    return pa.table([digests, files["size"].combine_chunks()], NO_CONTENTS.schema)


def _named(found: Sequence[Repeated], catalog: Path, most: int) -> list[Repeated]:
    names: dict[str, list[bytes]] = {one.sha256: [] for one in found}
    for files in _batches(catalog, ["path", "sha256"]) if found else ():
        for sha256, known in names.items():
            more = files.filter(pc.equal(files["sha256"], sha256))["path"]
            known.extend(more[: most - len(known)].to_pylist())
    return [one._replace(names=names[one.sha256]) for one in found]
