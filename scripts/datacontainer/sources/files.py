"""The files of a catalog that are read from a source, as columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.runtime.errors import DataError

HEADER_BYTES = 512
COLUMNS = ("path", "size", "sha256", "link", "layer", "offset")
# Larger numbers are wrong, and their sums would not fit in 64 bits.
MAXIMUM = 1 << 60
# A component of a path that is empty, or leads to another folder.
FOREIGN = r"(^|/)\.{0,2}(/|$)|\x00"


@dataclass(frozen=True)
class Files:
    """Rows of an image's catalog, sorted by layer and offset.

    table: path (large_binary, without the mount), size, sha256, link (large_binary), layer, offset, and begin: where
    the headers of the file begin; without layer, offset and begin for symlinks. tails: the end of the last file in each
    layer, if all files of the image are read; then the headers of a file include those of the folders before it.
    """

    table: pa.Table
    mount: bytes
    tails: Mapping[str, int] | None = None

    def __len__(self) -> int:
        """The number of rows."""
        return int(self.table.num_rows)

    def path(self, row: int) -> bytes:
        """The path of a row in the dataset."""
        found: bytes = self._column("path")[row].as_py()
        return found

    def text(self, name: str, row: int) -> str:
        """The text of a row in the column sha256 or layer."""
        found: str = self._column(name)[row].as_py()
        return found

    def link(self, row: int) -> bytes | None:
        """The target of a row's symlink; None for a file."""
        found: bytes | None = self._column("link")[row].as_py()
        return found

    @cached_property
    def sizes(self) -> np.ndarray:
        """The size of each row in bytes."""
        return np.asarray(self._column("size"))

    @cached_property
    def offsets(self) -> np.ndarray:
        """The place of each row's content in its layer; -1 for symlinks."""
        return np.asarray(pc.fill_null(self._column("offset"), -1))

    @cached_property
    def begins(self) -> np.ndarray:
        """The place of each row's headers in its layer; -1 for symlinks."""
        return np.asarray(pc.fill_null(self._column("begin"), -1))

    @cached_property
    def layers(self) -> list[str]:
        """The diff IDs of the layers, in the order of the rows."""
        return [layer for layer, _ in self.by_layer()]

    def by_layer(self) -> list[tuple[str, range]]:
        """The diff ID of each layer, and the rows whose contents it has."""
        encoded = self._column("layer").dictionary_encode()
        codes = np.asarray(pc.fill_null(encoded.indices, -1))
        starts = [*np.flatnonzero(np.diff(codes, prepend=-2)).tolist(), len(codes)]
        names = encoded.dictionary.to_pylist()
        ranges = [range(one, end) for one, end in pairwise(starts)]
        return [(names[codes[one.start]], one) for one in ranges if codes[one.start] >= 0]

    def in_path_order(self) -> list[int]:
        """The rows with contents, sorted by the bytes of their paths."""
        order = np.asarray(pc.sort_indices(self._column("path")))
        found: list[int] = order[self.offsets[order] >= 0].tolist()
        return found

    def take(self, kept: np.ndarray) -> "Files":
        """The rows for which `kept` is true."""
        return Files(self.table.filter(pa.array(kept)).combine_chunks(), self.mount, self.tails)

    def with_folders(self) -> "Files":
        """The same files, of which each begins where the one before it ends."""
        begins, tails = self.begins.copy(), {}
        ends = self.offsets + self.sizes
        for layer, rows in self.by_layer():
            begins[rows.start] = 0
            begins[rows.start + 1 : rows.stop] = ends[rows.start : rows.stop - 1]
            tails[layer] = int(ends[rows.stop - 1])
        column = pa.array(begins, mask=self.begins < 0)
        return Files(self.table.set_column(self.table.column_names.index("begin"), "begin", column), self.mount, tails)

    def _column(self, name: str) -> pa.Array:
        return self._columns[name]

    @cached_property
    def _columns(self) -> dict[str, pa.Array]:
        return {name: _whole(self.table[name]) for name in self.table.column_names}


def read_files(catalog: Path, name: str, keys: pa.Array | None = None) -> Files:
    """Returns the files of the catalog in an image. keys: paths with the mount (binary); without them, all files.

    name: of the source, for messages.

    Raises:
        DataError: if the catalog is damaged, or a path leads out of the dataset.
    """
    try:
        with pq.ParquetFile(catalog) as file:
            mount = (file.metadata.metadata or {})[b"mount"]
            table = file.read([one for one in COLUMNS if one in file.schema_arrow.names])
        return _checked(_typed(table, mount, keys), mount, name)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _damaged(name, f"it cannot be read ({' '.join(str(error).split())[:200]})") from error


def is_foreign(path: bytes) -> bool:
    """Whether a path leads out of the dataset."""
    return any(name in (b"", b".", b"..") for name in path.split(b"/")) or b"\0" in path


def _typed(table: pa.Table, mount: bytes, keys: pa.Array | None) -> pa.Table:
    """The columns with one type each, and the rows with these keys."""
    paths = table["path"].cast(pa.binary()).cast(pa.large_binary())
    if keys is not None:
        kept = pc.is_in(paths, value_set=keys.cast(pa.large_binary()))
        table, paths = table.filter(kept), paths.filter(kept)
    prefix = mount + b"/"
    if not pc.all(pc.starts_with(paths, prefix)).as_py() and len(paths):
        raise ValueError("a path is outside of the mount")
    links = table["link"] if "link" in table.column_names else pa.chunked_array([pa.nulls(len(paths), pa.binary())])
    columns = {
        "path": pc.binary_replace_slice(paths, 0, len(prefix), b""),
        "size": table["size"].cast(pa.int64()),
        "sha256": table["sha256"].cast(pa.string()),
        "link": links.cast(pa.binary()).cast(pa.large_binary()),
        "layer": table["layer"].cast(pa.string()),
        "offset": table["offset"].cast(pa.int64()),
    }
    columns["begin"] = pc.subtract(columns["offset"], HEADER_BYTES)
    typed = pa.table(columns)
    return typed.take(pc.sort_indices(typed, [("layer", "ascending"), ("offset", "ascending")])).combine_chunks()


def _checked(table: pa.Table, mount: bytes, name: str) -> Files:
    paths, is_link = _whole(table["path"]), pc.is_valid(table["link"])
    foreign = pc.match_substring_regex(paths, FOREIGN)
    if pc.any(foreign).as_py():
        first = paths.filter(foreign)[0].as_py()
        raise _damaged(name, f"the path {first!r} leads out of the dataset")
    if pc.any(pc.match_substring_regex(table["link"], r"^$|\x00")).as_py():
        raise _damaged(name, "a symlink has no target")
    counts = pc.value_counts(paths)
    repeated = counts.filter(pc.greater(counts.field("counts"), 1))
    if len(repeated):
        raise _damaged(name, f"the path {repeated[0]['values'].as_py()!r} occurs more than once")
    is_right = pc.and_(
        pc.greater_equal(table["offset"], 0), pc.match_substring_regex(table["sha256"], "^[0-9a-f]{64}$")
    )
    is_right = pc.and_(pc.and_(is_right, pc.is_valid(table["layer"])), pc.greater_equal(table["size"], 0))
    for column in ("offset", "size"):
        is_right = pc.and_(is_right, pc.less(table[column], MAXIMUM))
    wrong = pc.invert(pc.or_(is_link, pc.fill_null(is_right, False)))
    if pc.any(wrong).as_py():
        first = paths.filter(_whole(wrong))[0].as_py()
        raise _damaged(name, f"{first!r} has no size, sha256, layer or offset")
    return Files(table, mount)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found if isinstance(found, pa.Array) else pa.concat_arrays(found.chunks)


def _damaged(name: str, what: str) -> DataError:
    return DataError(f"the catalog of {name!r} is damaged: {what}: pull or build the image again")
