"""The data objects of a SIF, by a reader that shares nothing with what writes them.

Source: github.com/sylabs/sif, pkg/sif, sif.go and descriptor.go; all numbers little-endian.
"""

import os
import struct
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.runtime.errors import DataError

PARTITION = 0x4004
SQUASHFS_ON_SYSTEM, SQUASHFS_ON_DATA = (1, 2), (1, 3)
ARCHITECTURES = {b"02\0": "amd64", b"04\0": "arm64"}
_LAUNCH = b"#!/usr/bin/env run-singularity\n\0"
# Far above what any program writes.
MOST_DESCRIPTORS = 1 << 16
# Launch script, magic, version, architecture, identity, two times; then numbers.
_HEADER = struct.Struct("<32s10s3s3s16sqq6q")
_DESCRIPTOR = struct.Struct("<I?III3q2q2q128s384s")
_PARTITION = struct.Struct("<ii3s")


class SifObject(NamedTuple):
    """A data object; partition: file system and type of one that is a partition."""

    kind: int
    name: str
    offset: int
    size_bytes: int
    partition: tuple[int, int]
    architecture: str


def sif_objects(image: Path) -> tuple[str, list[SifObject]]:
    """The architecture that the header tells, and the data objects in their order.

    Raises:
        DataError: when the file is no SIF, or an object is said to be where there is nothing.
    """
    size_bytes = image.stat().st_size
    with open(image, "rb") as file:
        head = file.read(_HEADER.size).ljust(_HEADER.size, b"\0")
        launch, magic, version, architecture, *_, free, total, start, length, data, data_bytes = _HEADER.unpack(head)
        if (magic, version) != (b"SIF_MAGIC\0", b"01\0") or launch != _LAUNCH:
            raise _damaged(image, f"it begins with {head[:48]!r}, and not as a SIF of version 01")
        if not 0 <= start <= start + length <= data <= data + data_bytes <= size_bytes:
            ends = f"descriptors from {start}, data from {data} to {data + data_bytes}"
            raise _damaged(image, f"it says it has {ends}, and is {size_bytes} bytes large")
        if not 0 <= free <= total <= MOST_DESCRIPTORS or length != total * _DESCRIPTOR.size:
            raise _damaged(image, f"it says it has {total} descriptors, {free} of them free, in {length} bytes")
        file.seek(start)
        rows = _DESCRIPTOR.iter_unpack(file.read(length))
        objects = [_object(image, row, data, size_bytes) for row in rows if row[1]]
    if len(objects) != total - free:
        raise _damaged(image, f"it says it has {total - free} data objects, and has {len(objects)}")
    return _architecture(image, architecture), objects


def read_object(image: Path, one: SifObject) -> bytes:
    """The content of a data object."""
    with open(image, "rb") as file:
        return os.pread(file.fileno(), one.size_bytes, one.offset)


def _object(image: Path, row: tuple[Any, ...], data: int, size_bytes: int) -> SifObject:
    kind, _, _, _, _, offset, size, _, _, _, _, _, name, extra = row
    shown = name.rstrip(b"\0").decode("utf-8", "backslashreplace")
    if offset < data or size < 0 or offset + size > size_bytes:
        raise _damaged(image, f"{shown!r} is said to be at {offset} to {offset + size}, and it ends at {size_bytes}")
    if kind != PARTITION:
        return SifObject(kind, shown, offset, size, (0, 0), "")
    system, use, architecture = _PARTITION.unpack(extra[: _PARTITION.size])
    return SifObject(kind, shown, offset, size, (system, use), _architecture(image, architecture))


def _architecture(image: Path, code: bytes) -> str:
    if code not in ARCHITECTURES:
        raise _damaged(image, f"its architecture is {code!r}, where one of {sorted(ARCHITECTURES)} is expected")
    return ARCHITECTURES[code]


def _damaged(image: Path, what: str) -> DataError:
    return DataError(f"the SIF {str(image)!r} is damaged: {what}")
