"""Tests of the reader of SquashFS: images of mksquashfs compared with their source folder."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from datacontainer.runtime.errors import DataError
from datacontainer.verify.squashfs import opened
from tools.engines import require_tool
from tools.images import LARGE, Entry, tree_of
from tools.squashfs import FOLDER, PLAIN, layer_of, packed, read_by_verify
from tools.trees import ODD_NAMES, fill


@pytest.fixture
def folder(dataset: Path) -> Path:
    """A folder with an example of everything that SquashFS stores in a special way."""
    fill(dataset, {name: name for name in ODD_NAMES} | {b"sub/" + name: b"" for name in ODD_NAMES})
    fill(dataset, {b"sub/a-b": b"1", b"sub/a.b": b"2", b"sub/a/c": b"3", b"sub/a0": b"4", b"empty": b""})
    # Fills more than one metadata block and one run; the files' tails share fragment blocks.
    fill(dataset, {b"many/a file with a rather long name, number %03d" % i: b"%d" % i * i for i in range(300)})
    fill(dataset, {b"large": LARGE, b"random": random.Random(1).randbytes(300_000), b"edge": bytes(range(256)) * 1024})
    with open(dataset / "hole", "wb") as file:
        file.truncate(1_000_000)
        file.seek(500_000)
        file.write(b"not a hole")
    (dataset / "void/void").mkdir(parents=True)
    (dataset / "link").symlink_to("sub")
    (dataset / "long link").symlink_to("../" * 1000 + "x")
    os.link(dataset / "random", dataset / "sub/same as random")
    (dataset / "void").chmod(0o1777)
    return dataset


@pytest.mark.parametrize(
    ("offset", "options"),
    [
        (0, ()),
        (0, PLAIN),
        (0, ("-b", "4096")),
        (0, ("-b", "1M", "-always-use-fragments")),
        (0, ("-no-fragments", "-noI")),
        (12288, ("-noF", "-no-exports", "-no-duplicates")),
    ],
)
def test_nodes_and_content_equal_the_folder(folder, offset, options):
    assert read_by_verify(packed(folder, "-offset", str(offset), *options), offset) == tree_of(folder)


def test_nodes_of_many_and_large_owners_are_listed(dataset, tmp_path):
    fill(dataset, {b"%d" % number: b"%d" % number for number in range(3000)})
    owners = "".join(f"{number} m 644 {2**32 - 1 - number} {number}\n" for number in range(3000))
    (tmp_path / "owners").write_text(owners)
    image = tmp_path / "image"
    command = [require_tool("mksquashfs"), dataset, image, "-pf", tmp_path / "owners", "-quiet", "-no-progress"]
    subprocess.run(command, check=True, capture_output=True)
    # The superblock contains the number of owners.
    assert int.from_bytes(image.read_bytes()[26:28], "little") > 4096
    found = read_by_verify(image, 0)
    assert {path: entry.content for path, entry in found.items() if path} == {b"%d" % n: b"%d" % n for n in range(3000)}


def test_content_in_more_fragment_blocks_than_a_metadata_block_describes_equals_the_folder(dataset):
    fill(dataset, {b"%d" % number: b"%d" % number * 500 for number in range(1000, 2100)})
    image = packed(dataset, "-b", "4096", *PLAIN)
    # The superblock contains the number of fragment blocks, each of which needs 16 of 8192 bytes.
    assert int.from_bytes(image.read_bytes()[16:20], "little") > 512
    assert read_by_verify(image, 0) == tree_of(dataset)


def test_nodes_link_target_of_the_longest_size_is_read_and_a_longer_one_refused(dataset):
    (dataset / "link").symlink_to("t" * 4095)
    image = packed(dataset, *PLAIN)
    assert read_by_verify(image, 0)[b"link"].content == b"t" * 4095
    content = bytearray(image.read_bytes())
    size = content.index(b"t" * 4095) - 4
    assert content[size : size + 4] == (4095).to_bytes(4, "little")
    content[size : size + 4] = (4096).to_bytes(4, "little")
    image.write_bytes(content)
    with pytest.raises(DataError, match="the target of 'link' has 4096 bytes, not 1 to 4095"):
        read_by_verify(image, 0)


def test_nodes_are_sorted_by_path_with_a_slash_after_folders(folder):
    with opened(packed(folder)) as squashfs:
        paths = [node.path for node in squashfs.nodes()]
    assert paths == sorted(paths)
    assert [path for path in paths if path.startswith(b"sub/a") and b"aa" not in path] == [
        *(b"sub/a-b", b"sub/a.b", b"sub/a/", b"sub/a/c", b"sub/a0")
    ]


def test_nodes_deeper_than_the_recursion_limit_are_listed(tmp_path):
    folders = [b"d/" * depth for depth in range(1, 1101)]
    tar = layer_of({path: Entry(FOLDER | 0o755, b"") for path in folders})
    # From a tar, because most programs cannot remove folders as deep as these.
    command = [require_tool("mksquashfs"), "-", tmp_path / "image", "-tar", "-no-progress"]
    subprocess.run(command, input=tar, check=True, capture_output=True)
    with opened(tmp_path / "image") as squashfs:
        assert [node.path for node in squashfs.nodes()] == folders


def test_opened_closes_the_file(folder):
    image = packed(folder)
    before = os.listdir("/proc/self/fd")
    with opened(image) as squashfs:
        next(squashfs.nodes())
    assert os.listdir("/proc/self/fd") == before
