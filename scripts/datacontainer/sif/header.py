"""The Singularity image format (SIF): a file of a header, descriptors, and data objects in sequence.

Source: github.com/sylabs/sif, pkg/sif, sif.go and descriptor.go, pkg/integrity, metadata.go; all numbers little-endian.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

DEFFILE, PARTITION, SIGNATURE, GENERIC_JSON = 0x4001, 0x4004, 0x4005, 0x4006
OCI_ROOT_INDEX, OCI_BLOB = 0x400A, 0x400B
SQUASHFS, PRIMARY_SYSTEM, DATA = 1, 2, 3
UNKNOWN = "unknown"
ARCHITECTURES = {UNKNOWN: b"00\0", "amd64": b"02\0", "arm64": b"04\0"}

# A group of objects is signed and verified together. All objects of a data container are in group 1.
GROUP, NO_GROUP = 0xF0000001, 0xF0000000
DESCRIPTORS = 48
DESCRIPTORS_OFFSET = 4096
# The offset of a partition is a multiple of this number, so that it can be mounted without being extracted.
ALIGNMENT = 4096

_HEADER = struct.Struct("<32s10s3s3s16s8q")
_DESCRIPTOR = struct.Struct("<i?3I3q2q2q128s384s")
_PARTITION = struct.Struct("<ii3s")
# The signed fields of the header and of a descriptor: without offsets, and without fields that change later.
_SIGNED_HEADER = struct.Struct("<32s10s3s16s")
_SIGNED_DESCRIPTOR = struct.Struct("<i?IIqqqq128s384s")
_SIGNER = struct.Struct("<i64s")
_SHA256 = 1
_LAUNCH = b"#!/usr/bin/env run-singularity\n"

DATA_OFFSET = DESCRIPTORS_OFFSET + DESCRIPTORS * _DESCRIPTOR.size


@dataclass(frozen=True)
class DataObject:
    """A data object at `offset` in the file, of `size_bytes`. link: the group that a signature signs, else 0."""

    kind: int
    name: str
    offset: int
    size_bytes: int
    extra: bytes = b""
    group: int = GROUP
    link: int = 0


def partition(name: str, offset: int, size_bytes: int, part_type: int, architecture: str) -> DataObject:
    """A SquashFS as a partition of the given type; `architecture` is Go's name."""
    extra = _PARTITION.pack(SQUASHFS, part_type, ARCHITECTURES[architecture])
    return DataObject(PARTITION, name, offset, size_bytes, extra)


def signature(offset: int, size_bytes: int, fingerprint: bytes) -> DataObject:
    """A signature over the SHA-256 digests of all objects of GROUP. fingerprint: of a PGP key, else empty."""
    extra = _SIGNER.pack(_SHA256, fingerprint)
    return DataObject(SIGNATURE, "", offset, size_bytes, extra, NO_GROUP, GROUP)


def blob(kind: int, offset: int, size_bytes: int, digest: str) -> DataObject:
    """A blob of an OCI-SIF: OCI_ROOT_INDEX or OCI_BLOB. digest: sha256:<hex> of its bytes."""
    return DataObject(kind, "", offset, size_bytes, digest.encode())


def aligned(offset: int) -> int:
    """`offset` rounded up to a multiple of ALIGNMENT."""
    return -(-offset // ALIGNMENT) * ALIGNMENT


def header(architecture: str, objects: Sequence[DataObject]) -> bytes:
    """The first DATA_OFFSET bytes of the file. UUID and times are 0, so that the same data gives the same file."""
    end = max(one.offset + one.size_bytes for one in objects)
    fixed = _HEADER.pack(
        _LAUNCH,
        b"SIF_MAGIC",
        b"01",
        ARCHITECTURES[architecture],
        bytes(16),
        0,
        0,
        DESCRIPTORS - len(objects),
        DESCRIPTORS,
        DESCRIPTORS_OFFSET,
        DESCRIPTORS * _DESCRIPTOR.size,
        DATA_OFFSET,
        end - DATA_OFFSET,
    )
    descriptors = b"".join(_descriptor(i, one) for i, one in enumerate(objects, start=1))
    return (fixed.ljust(DESCRIPTORS_OFFSET, b"\0") + descriptors).ljust(DATA_OFFSET, b"\0")


def signed_header() -> bytes:
    """The signed fields of the header."""
    return _SIGNED_HEADER.pack(_LAUNCH, b"SIF_MAGIC", b"01", bytes(16))


def signed_descriptor(number: int, one: DataObject) -> bytes:
    """The signed fields of an object's descriptor. number: of the object in its group, from 0."""
    name = one.name.encode()
    return _SIGNED_DESCRIPTOR.pack(one.kind, True, number, one.link, one.size_bytes, 0, 0, 0, name, one.extra)


def _descriptor(number: int, one: DataObject) -> bytes:
    return _DESCRIPTOR.pack(
        one.kind,
        True,
        number,
        one.group,
        one.link,
        one.offset,
        one.size_bytes,
        one.size_bytes,
        0,
        0,
        0,
        0,
        one.name.encode(),
        one.extra,
    )
