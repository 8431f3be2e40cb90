"""Tests of seek tables of zstd layers in hostile images."""

import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.fetch.fetch import fetch
from datacontainer.runtime.errors import DataError
from datacontainer.sources.files import read_files
from datacontainer.sources.frames import position, read_frames
from datacontainer.sources.local import open_layout
from tools.examples import tried
from tools.products import Products

SEEK = "io.datacontainer.seek-table"


def table(*sizes: tuple[int, int], count: int | None = None, flags: int = 0, magic: int = 0x8F92EAB1) -> bytes:
    """A seek table with these sizes."""
    entries = b"".join(struct.pack("<II", *one) for one in sizes)
    content = entries + struct.pack("<IBI", len(sizes) if count is None else count, flags, magic)
    return struct.pack("<II", 0x184D2A5E, len(content)) + content


def test_around_range_names_whole_frames():
    frames = read_frames(table((10, 100), (1, 0), (20, 200), (30, 300)), 61)
    assert frames.size_bytes == 600
    assert frames.around(0, 100) == (0, 10, 0)
    assert frames.around(99, 101) == (0, 31, 0)
    assert frames.around(100, 300) == (11, 31, 100)
    assert frames.around(299, 600) == (11, 61, 100)
    assert frames.around(300, 301) == (31, 61, 300)


@pytest.mark.parametrize(
    ("content", "offset", "text"),
    [
        (b"", 0, "it has 0 bytes, expected 17 or more"),
        (table((1, 1))[:-1], 1, "its magic numbers, sizes and flags are ("),
        (table((1, 1), count=2), 1, "its magic numbers, sizes and flags are ("),
        (table((1, 1), count=1 << 31), 1, "its magic numbers, sizes and flags are ("),
        (table((1, 1), flags=0x80), 1, "its magic numbers, sizes and flags are ("),
        (table((1, 1), magic=0), 1, "its magic numbers, sizes and flags are ("),
        (table((1, 1)), 2, "its frames have 1 bytes, expected 2"),
        (table(*[(0xFFFFFFFF, 0xFFFFFFFF)] * 3), 5, "its frames have 12884901885 bytes, expected 5"),
    ],
)
def test_read_frames_hostile_table_is_refused(content, offset, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        read_frames(content, offset)


@tried(100)
@given(st.binary(max_size=60), st.integers(0, 1 << 40))
def test_read_frames_any_bytes_are_read_or_refused(content, offset):
    with pytest.raises(ValueError, match=r"bytes|magic"):
        read_frames(content, offset)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "its position is '', expected OFFSET:LENGTH"),
        ("-1:30", "expected OFFSET:LENGTH"),
        ("1:2:3", "expected OFFSET:LENGTH"),
        ("9" * 5000 + ":30", "expected OFFSET:LENGTH"),
        ("٣:30", "expected OFFSET:LENGTH"),
        ("90:11", "its position is '90:11' in a blob of 100 bytes"),
        ("0:16", "its position is '0:16' in a blob of 100 bytes"),
    ],
)
def test_position_hostile_annotation_is_refused(text, error):
    with pytest.raises(ValueError, match=re.escape(error)):
        position(text, 100)


def test_position_huge_table_is_refused():
    with pytest.raises(ValueError, match="in a blob of 1099511627776 bytes"):
        position(f"0:{1 << 30}", 1 << 40)


def fetched(products: Products, folder: Path) -> None:
    """Fetches all files of a layout."""
    source = open_layout("image", products.layout)
    fetch(source, read_files(source.document("catalog.parquet"), "image"), str(folder / "out"), quiet=True)


@pytest.mark.parametrize(
    ("near", "error"),
    [
        (b"\x28\xb5\x2f\xfd", "the layer sha256:{} of 'image' cannot be decompressed ("),
        (struct.pack("<I", 0x184D2A5E), "the seek table of the layer sha256:{} of 'image' is damaged: "),
        (struct.pack("<I", 0x8F92EAB1), "the seek table of the layer sha256:{} of 'image' is damaged: "),
    ],
)
def test_get_damaged_layer_is_one_line(chunked, tmp_path, monkeypatch, near, error):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    products = chunked.copy(tmp_path / "products")
    blob = products.blob(products.digests()[0])
    content = blob.read_bytes()
    blob.write_bytes(content.replace(near, bytes(4), 1))
    with pytest.raises(DataError, match=re.escape(error.format(blob.name))) as caught:
        fetched(products, tmp_path)
    assert "\n" not in str(caught.value)
    assert not [one for one in tmp_path.glob("out/**/[!.]*") if one.is_file()]


def test_get_files_through_the_seek_table(chunked, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fetched(chunked, tmp_path)
    for name in ("a/one", "two", "empty"):
        assert (tmp_path / "out" / name).read_bytes() == (chunked.folder.parent / "dataset" / name).read_bytes()
