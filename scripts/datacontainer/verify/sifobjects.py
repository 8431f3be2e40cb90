"""Reader of the data objects of a SIF; shares no code with the writer.

Source: github.com/sylabs/sif, pkg/sif, sif.go and descriptor.go; all numbers little-endian.
"""

import os
import struct
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.runtime.errors import DataError

PARTITION = 0x4004
SQUASHFS_ON_SYSTEM, SQUASHFS_ON_DATA = (1, 2), (1, 3)
OCI_ROOT_INDEX, OCI_BLOB = 0x400A, 0x400B
ARCHITECTURES = {b"00\0": "unknown", b"02\0": "amd64", b"04\0": "arm64"}
BLOBS = (OCI_ROOT_INDEX, OCI_BLOB)
_LAUNCH = b"#!/usr/bin/env run-singularity\n\0"
# Far more than any program writes.
MAX_DESCRIPTORS = 1 << 16
# Launch script, magic, version, architecture, UUID, two times; then numbers.
_HEADER = struct.Struct("<32s10s3s3s16sqq6q")
_DESCRIPTOR = struct.Struct("<I?III3q2q2q128s384s")
_PARTITION = struct.Struct("<ii3s")


class SifObject(NamedTuple):
    """A data object.

    partition: the file system and the type of a partition, else (0, 0). digest: of a blob of an OCI-SIF.
    """

    kind: int
    name: str
    offset: int
    size_bytes: int
    partition: tuple[int, int]
    architecture: str
    digest: str = ""


def sif_objects(image: Path) -> tuple[str, list[SifObject]]:
    """The architecture from the header, and the data objects in their order.

    Raises:
        DataError: if the file is not a SIF, or a descriptor refers to bytes outside of the file.
    """
    size_bytes = image.stat().st_size
    with open(image, "rb") as file:
        head = file.read(_HEADER.size).ljust(_HEADER.size, b"\0")
        launch, magic, version, architecture, *_, free, total, start, length, data, data_bytes = _HEADER.unpack(head)
        if (magic, version) != (b"SIF_MAGIC\0", b"01\0") or launch != _LAUNCH:
            raise _damaged(image, f"expected the header of a SIF of version 01, found {head[:48]!r}")
        if not 0 <= start <= start + length <= data <= data + data_bytes <= size_bytes:
            areas = f"descriptors from {start}, data from {data} to {data + data_bytes}"
            raise _damaged(image, f"the header describes {areas}, but the file has {size_bytes} bytes")
        if not 0 <= free <= total <= MAX_DESCRIPTORS or length != total * _DESCRIPTOR.size:
            raise _damaged(image, f"the header describes {total} descriptors, {free} of them free, in {length} bytes")
        file.seek(start)
        rows = _DESCRIPTOR.iter_unpack(file.read(length))
        objects = [_object(image, row, data, size_bytes) for row in rows if row[1]]
    if len(objects) != total - free:
        raise _damaged(image, f"the header describes {total - free} data objects, but the file has {len(objects)}")
    return _architecture(image, architecture), objects


def read_object(image: Path, one: SifObject) -> bytes:
    """The content of a data object."""
    with open(image, "rb") as file:
        return os.pread(file.fileno(), one.size_bytes, one.offset)


def _object(image: Path, row: tuple[Any, ...], data: int, size_bytes: int) -> SifObject:
    kind, _, _, _, _, offset, size, _, _, _, _, _, name, extra = row
    shown = name.rstrip(b"\0").decode("utf-8", "backslashreplace")
    if offset < data or size < 0 or offset + size > size_bytes:
        raise _damaged(image, f"{shown!r} should be at {offset} to {offset + size}, the file ends at {size_bytes}")
    if kind != PARTITION:
        digest = extra.partition(b"\0")[0].decode("ascii", "backslashreplace") if kind in BLOBS else ""
        return SifObject(kind, shown, offset, size, (0, 0), "", digest)
    system, use, architecture = _PARTITION.unpack(extra[: _PARTITION.size])
    return SifObject(kind, shown, offset, size, (system, use), _architecture(image, architecture))


def _architecture(image: Path, code: bytes) -> str:
    if code not in ARCHITECTURES:
        raise _damaged(image, f"its architecture is {code!r}, expected one of {sorted(ARCHITECTURES)}")
    return ARCHITECTURES[code]


def _damaged(image: Path, what: str) -> DataError:
    return DataError(f"the SIF {str(image)!r} is damaged: {what}")
