"""Aggregate: joins the records of all shards into one sorted catalog, and summarizes the dataset."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from datacontainer.catalog.fields import BUILT_IN, KIND, NULL, catalog_field, check_number, convert, widen
from datacontainer.catalog.imagecatalog import ImageCatalog, ImageRequest, image_catalog, parquet_writer
from datacontainer.catalog.nonerows import NoneRows, has_none
from datacontainer.catalog.shards import Records, ShardFiles, built_in, read_shard
from datacontainer.catalog.statistics import Statistics
from datacontainer.functions.process import FunctionError, call_functions
from datacontainer.functions.work import Work
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import completed, write_bytes
from datacontainer.runtime.progress import Progress


def aggregate(
    *,
    identity: Mapping[str, str],
    functions: Sequence[str],
    function_seconds: int | None = None,
    records: Sequence[ShardFiles],
    facts: Sequence[Path],
    catalog: Path,
    summary: Path,
    content: Path,
    image: ImageRequest | None = None,
    about: Callable[[Path], Mapping[str, Any]] = lambda _: {},
) -> None:
    """Writes the `catalog` (Parquet), the `summary` of the dataset (JSON), and the digest of all `content`.

    identity: name, version and mount. functions: the user's functions for the whole dataset. function_seconds: the
    limit for one call. records, facts: the files of each shard, in the order of the shards' paths.
    catalog: a row per file or symlink, sorted by the bytes of the path: path string (binary if a name is not UTF-8),
    size int64, mtime timestamp[ns, UTC], one hex string per digest, link as path (only if the dataset has symlinks),
    then the users' fields as bool, int64, double or string. A column of JSON texts has the metadata json=1. A column
    has the metadata none=1 if a function returned None; nonerows.py describes the rows for which it did.
    content: a digest that changes only if the images of the dataset change; times are not part of it. image: also
    writes the catalog for the image: without mtime, path with the mount, and two more columns: layer (the diff ID of
    the layer with the file) and offset (int64, of its content in the layer's tar), both null for a symlink. about:
    returns title, authors and more for the summary; called with the catalog.

    Raises:
        UsageError: if a user's function for the dataset fails, or if there are too many fields.
    """
    shards = [json.loads(path.read_bytes()) for path in facts]
    columns = Columns(records, shards[0]["record"]["digests"], links=any(shard["links"] for shard in shards))
    statistics = Statistics()
    progress = Progress("the catalog", sum(shard["files"] + shard["links"] for shard in shards), "files")
    with image_catalog(image, columns.timeless(), identity, records, shards) as inside:
        rows = _write(columns, catalog, statistics, progress, inside)
    metadata = {"about": about(catalog), "metadata": _user_metadata(functions, catalog, function_seconds)}
    described = _describe(identity, columns.schema, statistics) | metadata
    write_bytes(summary, (json.dumps(described, indent=2) + "\n").encode())
    layers = [shard["digest"] for shard in shards]
    digests = {"rows": rows.hexdigest(), "dataset": described, "layers": layers}
    write_bytes(content, hashlib.sha256(json.dumps(digests).encode()).hexdigest().encode())
    logger.info("dataset digest: %s", statistics.digest)
    finished(statistics.files, statistics.size_bytes)


def _write(
    columns: "Columns", catalog: Path, statistics: Statistics, progress: Progress, inside: ImageCatalog | None
) -> Any:
    """Writes the catalogs, and adds their rows to the statistics; returns a hash of the rows without their times."""
    rows = hashlib.sha256(repr(columns.schema.remove_metadata()).encode())
    with completed(catalog) as partial, parquet_writer(partial, columns.schema) as writer:
        with ThreadPoolExecutor(2) as pool:
            written: list[Future[None]] = []
            for one in columns.records():
                # Two shards are in memory: one is read while the other is written.
                while written:
                    written.pop().result()
                timeless = one.table.drop_columns(["mtime"])
                written = [pool.submit(writer.write_table, one.table), pool.submit(_add, timeless, rows, inside)]
                statistics.add(one)
                progress.add(one.table.num_rows)
            for last in written:
                last.result()
        if extra := columns.none_rows.metadata():
            writer.add_key_value_metadata(extra)
            rows.update(repr(extra).encode())
        if inside:
            inside.end(extra, statistics.digest)
    return rows


def _add(timeless: pa.Table, rows: Any, inside: ImageCatalog | None) -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, timeless.schema) as stream:
        stream.write_table(timeless)
    rows.update(sink.getvalue())
    if inside:
        inside.write(timeless)


class Columns:
    """The columns of the catalog: those of all shards, each with a type that fits the values of all shards."""

    def __init__(self, records: Sequence[ShardFiles], digests: Sequence[str], links: bool) -> None:
        """digests: the names of those that hash wrote. links: whether the dataset has symlinks.

        Raises:
            UsageError: if there are too many fields, or if a field has the name of another column.
        """
        self._records, self._digests = records, digests
        self._kinds: dict[str, str] = {}
        with_none = set()
        for field in (field for shard in records if shard.fields for field in pq.read_schema(shard.fields)):
            kind = field.metadata[KIND].decode()
            self._kinds[field.name] = widen(self._kinds.get(field.name, NULL), kind)
            if has_none(field):
                with_none.add(field.name)
        check_number(len(self._kinds))
        if taken := self._kinds.keys() & set(BUILT_IN):
            raise UsageError(f"a metadata function returned the key {min(taken)!r}, a column of the catalog: rename it")
        users = [catalog_field(key, kind, key in with_none) for key, kind in self._kinds.items()]
        self.schema = pa.schema(
            [*(field for field in built_in(records, digests) if links or field.name != "link"), *users]
        )
        self.none_rows = NoneRows(self.schema)

    def timeless(self) -> pa.Schema:
        """The columns without mtime, which no image depends on."""
        return self.schema.remove(self.schema.get_field_index("mtime"))

    def records(self) -> Iterator[Records]:
        """Yields each shard's records with the catalog's columns."""
        for shard in self._records:
            records = read_shard(shard, self._digests)
            table = records.table
            self.none_rows.add(table)
            # A table finds a column by name in time proportional to the number of columns.
            found = {field.name: (field, column) for field, column in zip(table.schema, table.columns, strict=True)}
            columns = [
                self._column(*found[field.name], field) if field.name in found else pa.nulls(table.num_rows, field.type)
                for field in self.schema
            ]
            yield records._replace(table=pa.table(columns, self.schema))

    def _column(self, found: pa.Field, column: pa.ChunkedArray, wanted: pa.Field) -> pa.ChunkedArray | pa.Array:
        if wanted.name in BUILT_IN:
            return column.cast(wanted.type)
        kind = found.metadata[KIND].decode()
        return convert(column.combine_chunks(), kind, self._kinds[wanted.name]).cast(wanted.type)


def _user_metadata(functions: Sequence[str], catalog: Path, seconds: int | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    if functions:
        work = Work(functions, catalog=str(catalog.absolute()))
        with closing(call_functions(work, None, 1, lambda _: "the catalog", seconds)) as answers:
            for answer in answers:
                if isinstance(answer, FunctionError):
                    if answer.trace:
                        logger.error("%s", answer.trace)
                    raise answer
                metadata = json.loads(answer or "{}")
    return metadata


def _describe(identity: Mapping[str, str], schema: pa.Schema, statistics: Statistics) -> dict[str, Any]:
    return {
        **identity,
        "digest": statistics.digest,
        "files": statistics.files,
        "bytes": statistics.size_bytes,
        "empty": statistics.empty,
        "links": statistics.links,
        "duplicates": statistics.duplicates(),
        "types": statistics.types(),
        "fields": {field.name: str(field.type) for field in schema},
    }
