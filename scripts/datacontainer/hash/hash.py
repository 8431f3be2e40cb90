"""Hash: reads each file of a shard once, for its digests, for the user's fields, and for the shard's layer."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datacontainer.catalog.fields import DIGEST_MARK, FieldTable
from datacontainer.functions.load import source_digest
from datacontainer.hash.digests import read_digests
from datacontainer.hash.known import Known, RecordKey, list_files, look_up, write_known
from datacontainer.hash.userfields import user_fields
from datacontainer.layers.compression import GZIP, NONE, ZSTD, pipe_into
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import completed, write_bytes
from datacontainer.runtime.packer import run_packer
from datacontainer.scan.records import DIRECTORY, FILE, LINK, Record, read_records


@dataclass(frozen=True)
class ShardJob:
    """The inputs, the outputs and the parameters of hash_shard.

    packer: its path. root: the dataset's folder. listed: scan's list of the shard. mount: the folder of the files in
    the image. digests: names of algorithms, sha256 first. functions: the user's, as the configuration names them.
    function_seconds: the limit for one call. records: the Parquet file to write. facts: the JSON file to write. layer:
    the layer to write; None if no image is configured: then files that did not change since an earlier run are not
    read. compression: of the layer. known: the folder in which each run records its results; record_format: the version
    of these records. rescan: "full" if a change of content is an error for files whose size and mtime did not change.
    stable: "check" if a file into which another process writes is an error. threads: the number of cores to use.
    """

    packer: Path
    root: str
    listed: Path
    digests: Sequence[str]
    records: Path
    facts: Path
    functions: Sequence[str] = ()
    function_seconds: int | None = None
    mount: str = "/"
    layer: Path | None = None
    compression: str = NONE
    known: Path | None = None
    record_format: int = 1
    rescan: str = "changed"
    stable: str = "trust"
    threads: int = 1


def hash_shard(shard: ShardJob) -> tuple[int, int]:
    """Writes a shard's records (Parquet), its layer (that of an OCI image), and facts about it (JSON).

    Returns the number of files and of bytes.

    records: path string (binary when a name is not UTF-8), size int64, mtime timestamp[ns, UTC], one column of hex text
    per digest, link like path (the target of a symlink, otherwise null), then the user's fields with their kind in each
    column's metadata; in the order of the shard's list.
    facts: files, links, directories, bytes; layer_size and diff_id of the layer's tar; digest, blob_size and
    compression of the layer as stored.

    Raises:
        DataError: if a file changed since the scan, or if its content changed but its status did not; with rescan
            "full", also if its content changed but its size and mtime did not; with stable "check", also if another
            process has it open for writing.
        UsageError: if a user's function fails.
    """
    listed = list(read_records(shard.listed))
    found = [record for record in listed if record.kind != DIRECTORY]
    record_key = RecordKey(shard.record_format, tuple((spec, source_digest(spec)) for spec in shard.functions))
    before = look_up(shard.known, list_files(found), shard.digests, record_key)
    read = np.ones(len(found), bool) if shard.layer else ~before.unread()
    with ExitStack() as on_error:
        if shard.layer:
            on_error.callback(shard.layer.unlink, missing_ok=True)
        summary, columns = _read(shard, listed, read, before)
        before.check(columns["sha256"], full=shard.rescan == "full")
        on_error.pop_all()
    texts = user_fields(shard.root, found, shard.functions, before.fields, shard.function_seconds)
    with completed(shard.records) as partial:
        pq.write_table(_table(found, columns, texts), partial, compression="zstd")
    summary.update(_counts(listed))
    write_bytes(shard.facts, json.dumps(summary).encode())
    if shard.known:
        write_known(shard.known / shard.records.name, before.listed, columns, texts, record_key)
    logger.info("%(links)d links, layer %(diff_id)s", summary)
    logger.info("%d files did not change since an earlier run and were not read", (~read).sum())
    return summary["files"], summary["bytes"]


def _read(
    shard: ShardJob, listed: Sequence[Record], read: np.ndarray, before: Known
) -> tuple[dict[str, Any], dict[str, pa.Array]]:
    """The packer's summary of the files that it reads, and the digests of all files, one column per algorithm."""
    with _scratch(shard.records, ".digests", ".part") as (raw, part):
        inputs: list[str | Path] = ["--root", shard.root, "--list", _to_read(shard.listed, listed, read, part)]
        inputs += ["--mount", shard.mount, "--digests", ",".join(shard.digests), f"--check={shard.stable == 'check'}"]
        summary = _pack(shard.packer, [*inputs, "--records", raw], shard.layer, shard.compression, shard.threads)
        digests = raw.read_bytes()
        if unleased := summary.pop("unleased"):
            logger.info("all files are read twice, because the system granted no lease on %d of them", unleased)
            _pack(shard.packer, [*inputs, "--records", raw], None, NONE, shard.threads)
            _compare(digests, raw.read_bytes(), before.listed["path"].filter(pa.array(read)))
        return summary, before.joined(read, read_digests(digests, shard.digests))


def _compare(first: bytes, second: bytes, paths: pa.ChunkedArray) -> None:
    """Raises DataError, which names a file, if the digests of two reads differ."""
    rows = (np.frombuffer(digests, np.uint8).reshape(len(paths), -1) for digests in (first, second))
    if len(differing := np.flatnonzero(np.not_equal(*rows).any(axis=1))):
        name = os.fsdecode(paths[differing[0]].as_py())
        raise DataError(
            f"{name!r} changed while it was read: two reads returned different bytes; end the process that writes it, "
            "or pack a snapshot of the dataset, and run snakemake again"
        )


def _pack(
    packer: Path, inputs: Sequence[str | Path], layer: Path | None, compression: str, threads: int
) -> dict[str, Any]:
    arguments: list[str | Path] = ["hash", *inputs, "--progress"]
    environment = {"GOMAXPROCS": str(max(2, threads))}
    if layer and compression == ZSTD:
        with pipe_into(layer, threads) as pipe:
            arguments += ["--layer-fd", str(pipe.descriptor)]
            summary = json.loads(run_packer(packer, arguments, environment, pipe.descriptor))
        summary["digest"], summary["blob_size"] = pipe.stored
    else:
        arguments += ["--layer", layer, *(["--gzip"] if compression == GZIP else [])] if layer else []
        summary = json.loads(run_packer(packer, arguments, environment))
    return {**summary, "compression": compression}


@contextmanager
def _scratch(path: Path, *suffixes: str) -> Iterator[list[Path]]:
    """The paths of temporary files next to a path; removes the files at the end of the block."""
    names = [path.with_suffix(suffix) for suffix in suffixes]
    try:
        yield names
    finally:
        for name in names:
            name.unlink(missing_ok=True)


def _to_read(shard_list: Path, listed: Sequence[Record], read: np.ndarray, part: Path) -> Path:
    """The list of the files to read and of all folders: the shard's list or, if some are not read, the new `part`."""
    if read.all():
        return shard_list
    rows = iter(read.tolist())
    part.write_bytes(b"".join(record.encode() for record in listed if record.kind == DIRECTORY or next(rows)))
    return part


def _counts(listed: Sequence[Record]) -> dict[str, int]:
    """The facts that do not depend on a layer."""
    kinds = [record.kind for record in listed]
    return {
        "files": kinds.count(FILE),
        "links": kinds.count(LINK),
        "directories": kinds.count(DIRECTORY),
        "bytes": sum(record.size for record in listed if record.kind == FILE),
    }


def _table(records: Sequence[Record], digests: dict[str, pa.Array], fields: Sequence[str | None]) -> pa.Table:
    """The columns of every catalog, then those of the user's fields."""
    paths = _names([record.path for record in records])
    links = _names([record.target if record.kind == LINK else None for record in records])
    mtimes = pa.array([record.mtime_ns for record in records], pa.int64()).cast(pa.timestamp("ns", "UTC"))
    user_table = FieldTable()
    for text in fields:
        user_table.append(json.loads(text) if text else {})
    columns = [
        (pa.field("path", paths.type), paths),
        (pa.field("size", pa.int64()), pa.array([record.size for record in records], pa.int64())),
        (pa.field("mtime", mtimes.type), mtimes),
        *((pa.field(name, pa.string(), metadata=DIGEST_MARK), column) for name, column in digests.items()),
        (pa.field("link", links.type), links),
        *user_table.arrays(),
    ]
    return pa.table([column for _, column in columns], pa.schema([field for field, _ in columns]))


def _names(names: list[bytes | None]) -> pa.Array:
    """Names as strings, or as binary if one of them is not UTF-8."""
    array = pa.array(names, pa.binary())
    try:
        return array.cast(pa.string())
    except pa.ArrowInvalid:
        return array
