"""Tests of the SIF's header and descriptors against the offsets of the SIF specification."""

from datacontainer.sif import header as sif


def test_header_fields_are_at_the_specified_offsets():
    objects = [
        sif.DataObject(sif.DEFFILE, "Singularity", sif.DATA_OFFSET, 10),
        sif.partition("data.squashfs", 36864, 4096, sif.PRIMARY_SYSTEM, "arm64"),
    ]
    head = sif.header("arm64", objects)
    assert len(head) == sif.DATA_OFFSET == 32176
    assert head[:32] == b"#!/usr/bin/env run-singularity\n\0"
    assert head[32:51] == b"SIF_MAGIC\x0001\x0004\0" + bytes(3)
    numbers = [int.from_bytes(head[at : at + 8], "little") for at in range(64, 128, 8)]
    assert numbers == [0, 0, 46, 48, 4096, 48 * 585, 32176, 36864 + 4096 - 32176]
    second = head[4096 + 585 : 4096 + 2 * 585]
    assert int.from_bytes(second[:4], "little") == 0x4004
    assert second[4] == 1
    assert int.from_bytes(second[5:9], "little") == 2
    assert int.from_bytes(second[9:13], "little") == 0xF0000001
    assert int.from_bytes(second[17:25], "little") == 36864
    assert int.from_bytes(second[25:33], "little") == 4096
    assert second[73:201].rstrip(b"\0") == b"data.squashfs"
    assert second[201:212] == b"\1\0\0\0\2\0\0\x0004\0"


def test_aligned_is_the_next_multiple_of_4096():
    assert [sif.aligned(n) for n in (0, 1, 4096, 4097)] == [0, 4096, 4096, 8192]
