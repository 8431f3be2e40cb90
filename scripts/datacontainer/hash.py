"""Hash: reads each file of a shard once, giving its digests, its users' fields, and its bytes in the shard's layer."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datacontainer.fields import DIGEST_BYTES, DIGEST_MARK, FieldTable, merge_fields
from datacontainer.logs import finished, logger
from datacontainer.outputs import completed, write_bytes
from datacontainer.shardlist import DIRECTORY, FILE, LINK, Record, decode, read_records
from datacontainer.tools import run_packer
from datacontainer.userfunctions import UserFunction, load


def hash_shard(
    *,
    packer: Path,
    root: str,
    shard_list: Path,
    mount: str,
    digests: Sequence[str],
    functions: Sequence[str],
    records: Path,
    layer: Path,
    facts: Path,
    threads: int = 1,
) -> None:
    """Writes a shard's `records` (Parquet), its `layer` (an uncompressed OCI layer), and `facts` about it (JSON).

    records: path string (binary when a name is not UTF-8), size int64, mtime timestamp[ns, UTC], one column of hex text
    per digest, link as path (null but for links), then the users' fields with their kind in each column's metadata; in
    the order of the shard's list.
    facts: files, links, directories, bytes, layer_size, diff_id.

    Raises:
        DataError: when a file is not as scan found it.
        UsageError: when a user's function fails.
    """
    raw = records.with_suffix(".digests")
    try:
        summary = _pack(
            packer=packer,
            root=root,
            shard_list=shard_list,
            mount=mount,
            digests=digests,
            raw=raw,
            layer=layer,
            threads=threads,
        )
        found = [record for record in read_records(shard_list) if record.kind != DIRECTORY]
        table = _built_in(found, raw.read_bytes(), digests)
    finally:
        raw.unlink(missing_ok=True)
    for column, array in _user_fields(root, found, [load(spec) for spec in functions]):
        table = table.append_column(column, array)
    with completed(records) as partial:
        pq.write_table(table, partial, compression="zstd")
    write_bytes(facts, json.dumps(summary).encode())
    logger.info("%(links)d links, layer %(diff_id)s", summary)
    finished(summary["files"], summary["bytes"])


def _pack(
    *,
    packer: Path,
    root: str,
    shard_list: Path,
    mount: str,
    digests: Sequence[str],
    raw: Path,
    layer: Path,
    threads: int,
) -> dict[str, Any]:
    arguments: list[str | Path] = ["hash", "--root", root, "--list", shard_list, "--mount", mount]
    arguments += ["--digests", ",".join(digests), "--records", raw, "--layer", layer, "--progress"]
    summary: dict[str, Any] = json.loads(run_packer(packer, arguments, {"GOMAXPROCS": str(max(2, threads))}))
    return summary


def _built_in(records: list[Record], raw: bytes, digests: Sequence[str]) -> pa.Table:
    """The columns that every catalog has; `raw` holds the digests of each record, one after the other."""
    table = pa.table(
        {
            "path": _names([record.path for record in records]),
            "size": pa.array([record.size for record in records], pa.int64()),
            "mtime": pa.array([record.mtime_ns for record in records], pa.int64()).cast(pa.timestamp("ns", "UTC")),
        }
    )
    start = 0
    rows = np.frombuffer(raw, np.uint8).reshape(len(records), sum(DIGEST_BYTES[name] for name in digests))
    for name in digests:
        column = pa.field(name, pa.string(), metadata=DIGEST_MARK)
        table = table.append_column(column, _hex(rows[:, start : start + DIGEST_BYTES[name]]))
        start += DIGEST_BYTES[name]
    links = _names([record.target if record.kind == LINK else None for record in records])
    return table.append_column("link", links)


def _names(names: list[bytes | None]) -> pa.Array:
    """Names as text, or as bytes when one of them is not UTF-8."""
    array = pa.array(names, pa.binary())
    try:
        return array.cast(pa.string())
    except pa.ArrowInvalid:
        return array


def _hex(rows: np.ndarray) -> pa.Array:
    """Each row of bytes as a text of hexadecimal digits."""
    count, width = rows.shape
    text = np.ascontiguousarray(rows).tobytes().hex().encode()
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(2 * width), count, [None, pa.py_buffer(text)])
    return fixed.cast(pa.binary()).cast(pa.string())


def _user_fields(
    root: str, records: list[Record], functions: Sequence[UserFunction]
) -> list[tuple[pa.Field, pa.Array]]:
    if not functions:
        return []
    fields = FieldTable()
    for record in records:
        path = os.path.join(root, decode(record.path))
        fields.append(merge_fields(functions, path, repr(decode(record.path))) if record.kind == FILE else {})
    return fields.arrays()
