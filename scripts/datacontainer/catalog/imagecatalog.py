"""The catalog inside of an image: without times, with the place of the content of each file in the layers."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.catalog.shards import ShardFiles
from datacontainer.runtime.outputs import completed
from datacontainer.runtime.packer import run_packer

# Of the columns of a catalog, those whose values hardly repeat: a dictionary of them would be larger than the values.
DIFFERENT = {"path", "mtime", "offset", *DIGEST_BYTES}
INCREASING = ("mtime", "offset")
PLACE = [pa.field("layer", pa.dictionary(pa.int32(), pa.string())), pa.field("offset", pa.int64())]
OFFSET_BYTES = 8


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of a catalog with these columns."""
    repeated = [name for name in schema.names if name not in DIFFERENT]
    encodings = {name: "DELTA_BINARY_PACKED" for name in INCREASING if name in schema.names}
    return pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=repeated, column_encoding=encodings)


class ImageRequest(NamedTuple):
    """The catalog of an image to write, and the packer, which computes the places of the contents."""

    catalog: Path
    packer: Path


class ImageCatalog:
    """The catalog of an image while it is written; a row group contains rows of one shard."""

    def __init__(
        self, writer: pq.ParquetWriter, identity: Mapping[str, str], diff_ids: Sequence[str], offsets: int
    ) -> None:
        """offsets: the descriptor of a file with the packer's offsets, positioned at those of the first shard."""
        self._writer, self._identity, self._offsets = writer, identity, offsets
        self._diff_ids = iter(diff_ids)

    def write(self, shard: pa.Table) -> None:
        """Writes the rows of the next shard. shard: the columns of the catalog without times."""
        rows = shard.num_rows
        offsets = np.frombuffer(os.read(self._offsets, rows * OFFSET_BYTES), np.int64)
        is_link = offsets < 0
        first = pa.array(np.zeros(rows, np.int32), mask=is_link)
        layer = pa.DictionaryArray.from_arrays(first, [next(self._diff_ids)])
        mount = pa.scalar(f"{self._identity['mount']}/", shard["path"].type)
        path = pc.binary_join_element_wise(mount, shard["path"], pa.scalar("", mount.type))
        columns = [path, *shard.columns[1:], layer, pa.array(offsets, mask=is_link)]
        self._writer.write_table(pa.table(columns, self._writer.schema))

    def end(self, none_rows: Mapping[bytes, bytes], digest: str) -> None:
        """Writes the metadata of the file, after the last shard. digest: of the dataset."""
        self._writer.add_key_value_metadata(dict(none_rows))
        self._writer.add_key_value_metadata({**self._identity, "digest": digest})


@contextmanager
def image_catalog(
    request: ImageRequest | None,
    timeless: pa.Schema,
    identity: Mapping[str, str],
    records: Sequence[ShardFiles],
    facts: Sequence[Mapping[str, Any]],
) -> Iterator[ImageCatalog | None]:
    """Opens the catalog of an image to write, if it is requested; it is complete when the block ends.

    timeless: the columns of the catalog without times. identity: name, version and mount. records, facts: of each
    shard, in the order of the catalog.
    """
    if request is None:
        yield None
        return
    schema = pa.schema([*timeless, *PLACE])
    # In memory: no temporary disk can be full.
    with open(os.memfd_create("offsets"), "rb", buffering=0) as offsets, completed(request.catalog) as partial:
        arguments: list[str | Path] = ["offsets", "--mount", identity["mount"]]
        arguments += ["--output", f"/dev/fd/{offsets.fileno()}", *(one.listed for one in records)]
        run_packer(request.packer, arguments, {}, offsets.fileno())
        with parquet_writer(partial, schema) as writer:
            yield ImageCatalog(writer, identity, [one["diff_id"] for one in facts], offsets.fileno())
