"""Tests of the frames and tables of zstd layers, with the programs zstd and tar-split, and with Python's tarfile."""

import gzip
import hashlib
import io
import json
import os
import random
import stat
import subprocess
import tarfile
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.layers.chunked import CHUNKED, SEEK_TABLE
from datacontainer.layers.compression import Stored, compress_zstd, pipe_into
from datacontainer.layers.crc64 import Crc64
from datacontainer.layers.frames import suits_contents
from datacontainer.scan.records import Record
from datacontainer.sources.frames import Frames, position, read_frames
from tools.engines import require_tool
from tools.examples import tried
from tools.images import Entry
from tools.squashfs import FILE, FOLDER, LINK, layer_of
from tools.trees import names


def noise(size_bytes: int) -> bytes:
    """Bytes that depend only on their number."""
    return random.Random(size_bytes).randbytes(size_bytes)


SMALL = {"FRAME_BYTES": 2000, "SHARED_BYTES": 1500, "OWN_BYTES": 700}
links = st.builds(Entry, st.just(LINK | 0o777), names)
files = st.builds(
    Entry, st.just(FILE | 0o644), st.integers(0, 5000).map(lambda size: random.Random(size).randbytes(size))
)
trees = st.dictionaries(names.map(lambda name: b"d/" + name), st.one_of(links, files), max_size=8)
# The check of CRC-64/GO-ISO in the catalogue of reveng.
CHECK = "b90956c775a41001"
TABLE = list(range(256))
for _ in range(8):
    TABLE = [(one >> 1) ^ (0xD8 << 56 if one & 1 else 0) for one in TABLE]
LARGE = {
    b"a": Entry(FOLDER | 0o755, b""),
    b"a/empty": Entry(FILE | 0o644, b""),
    b"a/large": Entry(FILE | 0o755, noise(9_000_001)),
    "a/ünïcode 漢字 🍅\n".encode() * 5: Entry(FILE | 0o644, b"1" * 70_000),
    b"a/x": Entry(FILE | 0o644, b"2"),
    b"link": Entry(LINK | 0o777, "../é".encode()),
}


def compressed(tar: bytes, *, contents: bool = True, threads: int = 2) -> tuple[bytes, Stored]:
    """The blob of a tar."""
    blob = io.BytesIO()
    stored = compress_zstd(io.BytesIO(tar), blob, threads, contents=contents)
    return blob.getvalue(), stored


def unzstd(content: bytes) -> bytes:
    """The output of zstd."""
    command = [require_tool("zstd"), "--decompress", "--stdout"]
    return subprocess.run(command, input=content, check=True, capture_output=True).stdout


def seek_table(blob: bytes, stored: Stored) -> Frames:
    """The frames of a blob according to its seek table."""
    start, stop = position(stored.annotations[SEEK_TABLE], len(blob))
    return read_frames(blob[start:stop], start)


def is_text(tree: dict[bytes, Entry]) -> bool:
    """Whether all names and targets are UTF-8."""
    texts = [*tree, *(one.content for one in tree.values() if stat.S_ISLNK(one.mode))]
    return all(one.decode(errors="replace").encode() == one for one in texts)


def part(blob: bytes, entry: dict) -> bytes:
    """The part of a blob to which an entry of the table of contents refers."""
    return blob[entry.get("offset", 0) : entry.get("endOffset", 0)]


def numbers(stored: Stored, name: str) -> list[int]:
    """The numbers in an annotation of zstd:chunked."""
    return [int(one) for one in stored.annotations[CHUNKED + name].split(":")]


def contents_of(blob: bytes, stored: Stored) -> list[dict]:
    """The entries of the table of contents, decompressed by zstd."""
    start, length, size_bytes, kind = numbers(stored, "manifest-position")
    content = blob[start : start + length]
    assert stored.annotations[CHUNKED + "manifest-checksum"] == "sha256:" + hashlib.sha256(content).hexdigest()
    plain = unzstd(content)
    assert (len(plain), kind) == (size_bytes, 1)
    return json.loads(plain)["entries"]


@tried(60)
@given(trees, st.integers(0, 40_000), st.integers(0, 40_000))
def test_compress_zstd_any_part_of_any_tar_can_be_read(tree, place, length):
    tar = layer_of(dict(sorted(tree.items())))
    with patch.multiple("datacontainer.layers.frames", **SMALL):
        blob, stored = compressed(tar, contents=is_text(tree))
        assert compressed(tar, contents=is_text(tree), threads=1) == (blob, stored)
    assert unzstd(blob) == tar
    found = seek_table(blob, stored)
    assert found.size_bytes == len(tar)
    start, stop = min(place, len(tar) - 1), min(place + length, len(tar))
    first, last, begin = found.around(start, stop)
    with pa.CompressedInputStream(pa.BufferReader(blob[first:last]), "zstd") as stream:
        assert stream.read()[start - begin :][: stop - start] == tar[start:stop]
    if is_text(tree):
        with tarfile.open(fileobj=io.BytesIO(tar)) as members:
            names_of = [member.name for member in members]
        assert [one["name"] for one in contents_of(blob, stored)] == names_of


def test_table_of_contents_describes_each_member_and_zstd_extracts_it():
    blob, stored = compressed(layer_of(LARGE))
    entries = {one["name"].encode(): one for one in contents_of(blob, stored)}
    assert list(entries) == [b"a/" if one == b"a" else one for one in LARGE]
    for (name, entry), found in zip(LARGE.items(), entries.values(), strict=True):
        content = entry.content if stat.S_ISREG(entry.mode) else b""
        assert found["mode"] == entry.mode & 0o777, name
        assert found["modtime"] == "1970-01-01T00:00:00Z"
        if content:
            assert unzstd(part(blob, found)) == content
            assert (found["size"], found["digest"]) == (len(content), "sha256:" + hashlib.sha256(content).hexdigest())
    assert entries[b"link"]["type"] == "symlink"
    assert entries[b"link"]["linkName"] == "../é"
    assert (entries[b"a/"]["type"], entries[b"a/large"]["type"]) == ("dir", "reg")
    # A large content has several frames, so that parts of it can be read.
    starts = seek_table(blob, stored).blob.tolist()
    large = entries[b"a/large"]
    assert starts.index(large["endOffset"]) - starts.index(large["offset"]) == 3


def test_footer_repeats_the_annotations():
    blob, stored = compressed(layer_of(LARGE))
    fields = [int.from_bytes(blob[start : start + 8], "little") for start in range(len(blob) - 64, len(blob), 8)]
    assert fields[:4] == numbers(stored, "manifest-position")
    assert fields[4:7] == numbers(stored, "tarsplit-position")
    assert blob[-72:-64] == (0x184D2A50).to_bytes(4, "little") + (64).to_bytes(4, "little")
    assert blob.endswith(b"GNUlInUx")


def test_tar_split_restores_the_tar_from_the_files(tmp_path):
    tar = layer_of(LARGE)
    blob, stored = compressed(tar)
    start, length, size_bytes = numbers(stored, "tarsplit-position")
    headers = unzstd(blob[start : start + length])
    assert len(headers) == size_bytes
    (tmp_path / "headers.json.gz").write_bytes(gzip.compress(headers))
    with tarfile.open(fileobj=io.BytesIO(tar)) as members:
        members.extractall(tmp_path / "files", filter="tar")
    words = ["asm", "--input", "headers.json.gz", "--path", "files", "--output", "restored.tar"]
    command = [require_tool("tar-split"), *words]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "restored.tar").read_bytes() == tar
    # tar-split compares the checksums.
    (tmp_path / "files/a/x").write_bytes(b"3")
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True)
    assert b"file integrity checksum failed" in done.stderr


def test_crc64_known_answer():
    crc64 = Crc64()
    crc64.update(b"123456789")
    assert crc64.digest().hex() == CHECK


@tried(60)
@given(st.lists(st.integers(0, 9000).map(noise), max_size=4))
def test_crc64_any_pieces_have_the_checksum_of_a_table(pieces):
    crc64, expected = Crc64(), (1 << 64) - 1
    for piece in pieces:
        crc64.update(piece)
        for byte in piece:
            expected = TABLE[(expected ^ byte) & 0xFF] ^ (expected >> 8)
    assert crc64.digest() == (expected ^ (1 << 64) - 1).to_bytes(8, "big")


def test_pipe_into_pieces_and_threads_do_not_change_a_byte(tmp_path):
    tar = layer_of(LARGE)
    with pipe_into(tmp_path / "blob", 3, contents=True) as pipe:
        for start in range(0, len(tar), 65_521):
            os.write(pipe.descriptor, tar[start : start + 65_521])
    assert ((tmp_path / "blob").read_bytes(), pipe.stored) == compressed(tar, threads=1)


@pytest.mark.parametrize("entry", [(b"\xff", FILE | 0o644, b"1"), (b"link", LINK | 0o777, b"\xff")])
def test_compress_zstd_name_that_is_not_utf8_has_no_table_of_contents(entry):
    path, mode, content = entry
    tar = layer_of({**LARGE, path: Entry(mode, content)})
    blob, stored = compressed(tar)
    assert unzstd(blob) == tar
    assert stored.annotations.keys() == {SEEK_TABLE}


@pytest.mark.parametrize("size", [0, 1, 511, 512, 600, 1024, 2000, 80_000, 9_000_000])
def test_compress_zstd_truncated_tar_has_no_table_of_contents(size):
    tar = layer_of(LARGE)[:size]
    blob, stored = compressed(tar)
    assert unzstd(blob) == tar
    assert stored.annotations.keys() == {SEEK_TABLE}


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([("a", 65_536, "")], True),
        ([("a", 65_535, "")], False),
        ([("a", 131_072, ""), ("b", 0, "c")], True),
        ([("a", 1 << 40, ""), ("\udcff", 0, "")], False),
        ([("a", 1 << 40, ""), ("b", 0, "\udcff")], False),
        ([("a", 1 << 40, "")] * 100_000, True),
        ([("a", 1 << 40, "")] * 100_001, False),
        ([], False),
    ],
)
def test_suits_contents_few_large_files_with_text_names(records, expected):
    kinds = [b"l" if target else b"f" for *_, target in records]
    listed = [
        Record(os.fsencode(path), kind, 0o644, size, 1, 2, 3, os.fsencode(target)).encode()
        for (path, size, target), kind in zip(records, kinds, strict=True)
    ]
    assert suits_contents(b"".join(listed)) == expected
