"""Digests: reads the file of digests that the packer writes, as columns of text."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from datacontainer.catalog.fields import DIGEST_BYTES


def read_digests(raw: bytes, names: Sequence[str]) -> dict[str, pa.Array]:
    """A column of hexadecimal text (string) for each digest. raw: the digests of each file, in the order of `names`."""
    rows = np.frombuffer(raw, np.uint8).reshape(-1, sum(DIGEST_BYTES[name] for name in names))
    columns, start = {}, 0
    for name in names:
        columns[name] = _hex(rows[:, start : start + DIGEST_BYTES[name]])
        start += DIGEST_BYTES[name]
    return columns


def _hex(rows: np.ndarray) -> pa.Array:
    """A column with the hexadecimal text of each row of bytes."""
    count, width = rows.shape
    text = np.ascontiguousarray(rows).tobytes().hex().encode()
    fixed = pa.FixedSizeBinaryArray.from_buffers(pa.binary(2 * width), count, [None, pa.py_buffer(text)])
    return fixed.cast(pa.binary()).cast(pa.string())
