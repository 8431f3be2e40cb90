"""Tests of the reader of SquashFS: each damaged image raises a DataError that names the damage."""

import os
import random
import re
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.runtime.errors import DataError
from datacontainer.verify.squashfsblocks import Cursor, Extent, Table
from tools.examples import tried
from tools.images import LARGE
from tools.squashfs import PLAIN, changed, packed, read
from tools.trees import fill

# Offsets in the superblock.
COMPRESSOR, BLOCK_LOG, VERSION, SIZE = 20, 22, 28, 40


@pytest.fixture
def mixed(dataset: Path) -> Path:
    """A folder with files that share a fragment block, and a file of several blocks."""
    fill(dataset, {b"sub/%d" % i: b"%d" % i * i for i in range(40)} | {b"large": LARGE})
    (dataset / "void").mkdir()
    return dataset


@pytest.mark.parametrize(
    ("place", "content", "message"),
    [
        (0, b"hsqt", "it begins with 0x74717368, expected 0x73717368"),
        (VERSION, b"\3", "its version is 3.0, expected 4.0"),
        (COMPRESSOR, b"\4", r"its compressor is number 4, expected gzip \(1\) or zstd \(6\)"),
        (BLOCK_LOG, b"\x0c", "its blocks have 131072 bytes, expected 2 to the power of 12"),
        (SIZE, b"\xff\xff\xff", "the superblock describes 16777215 bytes, but the image has "),
    ],
)
def test_opened_damaged_superblock_names_the_value(mixed, place, content, message):
    image = packed(mixed)
    changed(image, place, content)
    with pytest.raises(DataError, match=re.escape(f"the SquashFS in '{image}' is damaged: ") + message):
        read(image)


@pytest.mark.parametrize("share", [0, 0.0001, 0.3, 0.99])
def test_opened_truncated_image_names_its_size(mixed, share):
    image = packed(mixed, "-nopad")
    os.truncate(image, int(image.stat().st_size * share))
    with pytest.raises(DataError, match=r"superblock should be at 0 to 96|describes .* bytes, but the image has"):
        read(image)


def test_nodes_device_is_refused_with_its_name(mixed):
    with pytest.raises(DataError, match=r"'void/device' has an inode of type 5, expected a file, symlink or folder"):
        read(packed(mixed, "-p", "void/device c 644 0 0 1 3"))


@pytest.fixture
def plain(dataset: Path) -> Path:
    """An uncompressed image of `one`, `sub/` and `sub/two`."""
    fill(dataset, {b"one": b"1" * 200_000, b"sub/two": b"2"})
    return packed(dataset, *PLAIN, "-no-fragments")


@pytest.mark.parametrize(
    ("distance", "content", "message"),
    [
        (0, b"o/e", r"'o/e' in the listing of the folder '' is not a valid name"),
        (0, b"o\0e", r"'o\\x00e' in the listing of the folder '' is not a valid name"),
        (0, b"zne", r"'sub' follows 'zne' in the listing of the folder ''"),
        (-2, b"\x0e", r"the block of the directory table at \d+ is beyond the end of the table at \d+"),
        (-4, b"\3", r"'one' is link 1 in the listing, but its inode is file 1"),
        (-4, b"\x4d", r"'one' is unknown type 77 1 in the listing, but its inode is file 1"),
        (-6, b"\1", r"'one' is file 2 in the listing, but its inode is file 1"),
        (-8, b"\xff\xff", r"an offset of 65535 bytes in a block of the inode table that has \d+ bytes"),
        (-16, b"\xff", r"the block of the inode table at \d+ is beyond the end of the table at \d+"),
        (-20, b"\0\1", r"a run of 257 names in '', more than 256"),
    ],
)
def test_nodes_damaged_listing_names_the_entry(plain, distance, content, message):
    changed(plain, plain.read_bytes().index(b"one") + distance, content)
    with pytest.raises(DataError, match=message):
        read(plain)


def test_nodes_listing_longer_than_its_size_names_the_entry(plain):
    whole = plain.read_bytes()
    # The root's inode is the last and has 32 bytes; the size of its listing is at byte 24.
    size = int.from_bytes(whole[72:80], "little") - 32 + 24
    changed(plain, size, bytes([whole[size] - 1]))
    with pytest.raises(DataError, match="'sub' in the listing of the folder '' is beyond the listing's end"):
        read(plain)


def test_nodes_name_longer_than_linux_allows_is_refused(dataset):
    fill(dataset, {b"a" * 255: b"", b"b": b""})
    image = packed(dataset, *PLAIN)
    changed(image, image.read_bytes().index(b"a" * 255) - 2, b"\xff")
    with pytest.raises(DataError, match=r"'a{255}.*' in the listing of the folder '' is not a valid name"):
        read(image)


def test_opened_directory_table_after_all_others_is_refused(plain):
    changed(plain, 56, bytes(8))
    changed(plain, 72, b"\xff" * 8)
    with pytest.raises(DataError, match=r"the block of the directory table at .* is beyond the end of the table at"):
        read(plain)


@pytest.mark.parametrize("stored_bytes", [0, 8193, 8000])
def test_nodes_metadata_block_of_a_wrong_size_is_refused(plain, stored_bytes):
    table, end = (int.from_bytes(plain.read_bytes()[at : at + 8], "little") for at in (64, 72))
    changed(plain, table, (stored_bytes | 0x8000).to_bytes(2, "little"))
    message = f"the block of the inode table at {table} has {stored_bytes} bytes, but the table ends at {end}"
    with pytest.raises(DataError, match=message):
        read(plain)


def test_table_of_many_blocks_keeps_few_in_memory(tmp_path):
    (tmp_path / "table").write_bytes(b"\1\x80x" * 1000)
    with open(tmp_path / "table", "rb") as file:
        table = Table(Extent(tmp_path / "table", file.fileno(), 0, 3000), "the table", 0, 3000)
        assert Cursor(table, 0, 0).read(1000) == b"x" * 1000
        assert len(table._kept) <= 256


def test_root_that_is_not_a_folder_is_refused(plain):
    root = int.from_bytes(plain.read_bytes()[72:80], "little") - 32
    changed(plain, root, b"\2")
    with pytest.raises(DataError, match="its root is a file, expected a folder"):
        read(plain)


def test_nodes_link_with_a_target_of_no_size_is_named(dataset):
    (dataset / "link").symlink_to("target of a link")
    image = packed(dataset, *PLAIN)
    changed(image, image.read_bytes().index(b"target of") - 4, bytes(4))
    with pytest.raises(DataError, match="the target of 'link' has 0 bytes, not 1 to 4095"):
        read(image)


def test_content_missing_fragment_names_the_file(dataset):
    fill(dataset, {b"one": b"1"})
    image = packed(dataset, *PLAIN)
    inode = int.from_bytes(image.read_bytes()[64:72], "little") + 2
    for at, value, message in [
        (20, 1, "data of 'one' is in fragment block 1, but the image has 1"),
        (24, 1, "data of 'one' is beyond the end of its fragment block"),
    ]:
        whole = image.read_bytes()
        changed(image, inode + at, value.to_bytes(4, "little"))
        with pytest.raises(DataError, match=message):
            read(image)
        image.write_bytes(whole)


def test_content_block_larger_than_the_rest_names_the_file(plain):
    word = (131072 | 1 << 24).to_bytes(4, "little")
    place = plain.read_bytes().index(word)
    for size, message in [
        (131073 | 1 << 24, "data of 'one' is in a block of size 0x1020001; at most 131072 bytes are allowed"),
        (131071 | 1 << 24, "data of 'one' has a block of 131071 bytes, expected 131072"),
        (131072, r"data of 'one' cannot be decompressed \(Error -3"),
        (1 << 25, "data of 'one' is in a block of size 0x2000000"),
    ]:
        changed(plain, place, size.to_bytes(4, "little"))
        with pytest.raises(DataError, match=message):
            read(plain)


def test_content_that_decompresses_to_more_than_a_block_is_refused(dataset):
    fill(dataset, {b"one": random.Random(1).randbytes(100_000) + bytes(100_000)})
    image = packed(dataset, "-no-fragments")
    bomb = zlib.compress(bytes(1_000_000), 9)
    changed(image, 96, bomb)
    with pytest.raises(DataError, match=r"data of 'one' is truncated, or decompresses to more than 131072 bytes"):
        read(image)


def test_nodes_folder_in_itself_is_refused(dataset):
    (dataset / "a/b").mkdir(parents=True)
    image = packed(dataset, *PLAIN)
    whole = bytearray(image.read_bytes())
    inodes, listings = (int.from_bytes(whole[at : at + 8], "little") + 2 for at in (64, 72))
    # Inodes of 32 bytes: `b`, `a`, the root. The entry `b` in `a` is changed to refer to `a` itself,
    # and the root gets its number, so that all numbers fit.
    number = whole[inodes + 32 + 12 : inodes + 32 + 16]
    whole[inodes + 64 + 12 : inodes + 64 + 16] = number
    whole[inodes + 32 + 28 : inodes + 32 + 32] = number
    whole[listings + 8 : listings + 14] = number + (32).to_bytes(2, "little")
    whole[listings + 14 : listings + 16] = bytes(2)
    image.write_bytes(whole)
    with pytest.raises(DataError, match="the folder 'a/b/' contains itself"):
        read(image)


def test_nodes_folder_that_names_another_parent_is_refused(dataset):
    (dataset / "a/b").mkdir(parents=True)
    image = packed(dataset, *PLAIN)
    inodes = int.from_bytes(image.read_bytes()[64:72], "little") + 2
    changed(image, inodes + 28, b"\7")
    with pytest.raises(DataError, match="the parent of the folder 'a/b/' is inode 1, but its inode has 7"):
        read(image)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Small images, compressed and uncompressed, of which the tables are a large part."""
    folder = tmp_path_factory.mktemp("examples") / "folder"
    fill(folder, {b"sub/%d" % i: b"%d" % i * i for i in range(40)} | {b"large": LARGE[:140_000], b"a/b/c": b""})
    (folder / "link").symlink_to("sub")
    return [packed(folder, *options).read_bytes() for options in ((), PLAIN, (*PLAIN, "-b", "4096"))]


damages = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), min_size=1, max_size=4
)


@tried(250)
@given(number=st.integers(0, 2), damage=damages, tables=st.booleans(), kept=st.sampled_from([1, 1, 0.99, 0.5]))
def test_read_damaged_image_raises_data_error_and_nothing_else(examples, tmp_path, *, number, damage, tables, kept):
    whole = bytearray(examples[number])
    # The superblock is at the beginning and the tables are at the end; the data between them has no structure.
    first = int.from_bytes(whole[64:72], "little") if tables else 0
    for share, content in damage:
        place = first + int(share * (len(whole) - first))
        whole[place : place + len(content)] = content
    image = tmp_path / "image"
    image.write_bytes(whole[: int(len(whole) * kept)])
    try:
        read(image)
    except DataError as error:
        assert str(image) in str(error)
