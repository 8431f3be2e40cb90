"""Index: the catalog as a binary file that the entrypoint reads in place; docs/index-format.md defines the format."""

import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datacontainer.catalog.digests import DIGEST_BYTES
from datacontainer.catalog.nonerows import has_none, none_rows_of
from datacontainer.catalog.text import text_parts
from datacontainer.entrypoint.frontcoding import BLOCK_ROWS, front_coded
from datacontainer.entrypoint.indexbody import Body
from datacontainer.entrypoint.indexcolumns import add_column, add_digests, decode_digests
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.outputs import written
from datacontainer.runtime.progress import Progress

MAGIC, VERSION = b"DCINDEX\n", 2
FIXED = struct.Struct("<8sIIQQQIIII")
SECTION = struct.Struct("<QQII")
SUM_OFFSET, SIZES_OFFSET = 12, 16
MOUNT_INSIDE, PLAIN = 1, 2
# Flags of a field: a missing value is printed as null; only in some rows.
NULL_PRINTED, NULL_ROWS = 1, 2
# Not fields: the path is the key, and an image does not depend on times.
NO_FIELDS = ("path", "mtime")
LONGEST_NAME = 0xFFFF
CHECKED_BYTES = 1 << 14
# The size up to which an index is kept in memory until it is complete.
MEMORY_BYTES = 128 << 20
# The paths of a batch, and the arrays computed from them, fit into the processor's cache.
BATCH_ROWS = 64 * BLOCK_ROWS


def write_index(catalog: Path, index: Path, mount: str) -> None:
    """Writes the `catalog` (Parquet, written by aggregate) as an `index` of files under `mount`.

    Memory: one column, some thousands of paths or hexadecimal digests, and up to MEMORY_BYTES of the index.

    Raises:
        UsageError: if a field's name is too long.
        DataError: if aggregate does not write columns of this type.
    """
    with (
        pq.ParquetFile(catalog) as rows,
        written(index) as target,
        tempfile.SpooledTemporaryFile(MEMORY_BYTES, dir=str(index.parent)) as scratch,
    ):
        body = Body(scratch)
        flags = _add_names(body, rows, mount.encode())
        metadata = rows.metadata.metadata
        shown = [field for field in rows.schema_arrow if field.name not in NO_FIELDS]
        fields = [_add_field(body, rows, field, metadata) for field in shown]
        counts = (rows.metadata.num_rows, flags, len(fields), len(body.sections))
        fixed = FIXED.pack(MAGIC, VERSION, 0, 0, 0, *counts, len(mount.encode()))
        sections = [SECTION.pack(section.offset, section.size, section.width, 0) for section in body.sections]
        _join(b"".join([fixed, *sections, *fields, mount.encode()]), scratch, body.size, target)


def occurs_inside(mount: bytes, paths: pa.Array) -> bool:
    """Returns whether `mount` occurs in the key of a path (binary), other than at the start of the key."""
    # Searching all paths at once is faster; the end of one path and the start of the next may together be the mount.
    found = pc.match_substring(paths, mount) if mount in text_parts(paths)[1].tobytes() else pa.scalar(False)
    # The mount can also begin before the path, from the second byte of the key on, and end in the path.
    before = mount[1:] + b"/"
    for start in range(len(before)):
        if mount.startswith(before[start:]):
            found = pc.or_(found, pc.starts_with(paths, mount[len(before) - start :]))
    return bool(pc.any(found).as_py())


def is_plain(text: np.ndarray) -> bool:
    """Returns whether all bytes are printable ASCII, 0x20 to 0x7e."""
    return bool(((text >= 0x20) & (text <= 0x7E)).all())


def _add_names(body: Body, rows: pq.ParquetFile, mount: bytes) -> int:
    """Adds the first two sections; returns the flags of the index, which describe the keys."""
    starts, mount_inside, plain = [], False, is_plain(np.frombuffer(mount, np.uint8))
    for names in _whole_blocks(rows):
        mount_inside = mount_inside or occurs_inside(mount, names)
        parts = text_parts(names)
        plain = plain and is_plain(parts[1])
        stored, block_starts = front_coded(*parts)
        starts.append(body.size + block_starts)
        body.write(stored)
    starts.append(np.array([body.size]))
    body.end_section(width=0)
    body.add_numbers(np.concatenate(starts))
    # The starts are section 0, but are stored after the names, as they are known only then.
    body.sections.reverse()
    return MOUNT_INSIDE * mount_inside | PLAIN * plain


def _whole_blocks(rows: pq.ParquetFile) -> Iterator[pa.Array]:
    """Yields the paths (large_binary) in batches of whole blocks; only the last batch may end inside of a block."""
    rest = pa.array([], pa.large_binary())
    progress = Progress("the index's names", rows.metadata.num_rows, "files")
    for batch in rows.iter_batches(BATCH_ROWS, columns=["path"]):
        paths = pa.concat_arrays([rest, batch.column("path").cast(pa.large_binary())])
        whole = len(paths) - len(paths) % BLOCK_ROWS
        yield paths[:whole]
        rest = paths[whole:]
        progress.add(batch.num_rows)
    yield rest


def _add_field(body: Body, rows: pq.ParquetFile, field: pa.Field, metadata: dict[bytes, bytes]) -> bytes:
    """Adds a column to the body; returns the line of the field table. metadata: of the catalog."""
    name = field.name.encode()
    if len(name) > LONGEST_NAME:
        raise UsageError(
            f"the name of the field {field.name[:40]!r}… has {len(name)} bytes, at most {LONGEST_NAME} are allowed: "
            "shorten the key in your metadata function"
        )
    digests = _digests(rows, field)
    entry = add_digests(body, *digests) if digests else add_column(body, field, rows.read([field.name])[field.name])
    is_none = none_rows_of(metadata, field.name, rows.metadata.num_rows)
    if is_none is not None:
        # Becomes the section after the sort order.
        body.add(np.packbits(is_none, bitorder="little"), 1)
    return entry.pack(name, NULL_PRINTED * has_none(field) | NULL_ROWS * (is_none is not None))


def _digests(rows: pq.ParquetFile, field: pa.Field) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the digests of the column and which rows have one; None if the column does not contain digests."""
    if field.name not in DIGEST_BYTES or not pa.types.is_string(field.type):
        return None
    batches = (batch.column(field.name) for batch in rows.iter_batches(columns=[field.name]))
    return decode_digests(batches, rows.metadata.num_rows, DIGEST_BYTES[field.name])


def _join(head: bytes, scratch: IO[bytes], body_bytes: int, target: BinaryIO) -> None:
    """Writes the head, completed with sizes and checksums, and then the body."""
    head_bytes = len(head) + 4 * -(-body_bytes // CHECKED_BYTES)
    target.seek(head_bytes)
    scratch.seek(0)
    sums = []
    while piece := scratch.read(CHECKED_BYTES):
        sums.append(struct.pack("<I", zlib.crc32(piece)))
        target.write(piece)
    whole = bytearray(head + b"".join(sums))
    struct.pack_into("<QQ", whole, SIZES_OFFSET, head_bytes + body_bytes, head_bytes)
    struct.pack_into("<I", whole, SUM_OFFSET, zlib.crc32(whole))
    target.seek(0)
    target.write(whole)
