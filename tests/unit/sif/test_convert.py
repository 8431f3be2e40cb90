"""Tests of convert: the SquashFS of the packer, and the SIF that contains it, read by other programs."""

import io
import json
import os
import stat
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.image.archive import assemble_archive
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.runtime.packer import run_packer
from datacontainer.sif import header as sif
from datacontainer.sif.convert import convert, skeleton_layer
from datacontainer.sif.ocisif import convert_oci
from tools.apptainer import partition_offset
from tools.engines import require_tool, small_disk
from tools.examples import tried
from tools.images import Entry, packed, tree_of
from tools.products import MOUNT, UNIQUE, Products, flip
from tools.squashfs import FILE, FOLDER, LINK, READERS, Tree, extracted, layer_of, partitions, read_by_verify
from tools.trees import ODD_NAMES, names

OFFSET = 8192


def write_squashfs(packer: Path, folder: Path, layers: Sequence[bytes]) -> Path:
    """An image file with the layers as a SquashFS, from OFFSET to the end."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{i}.layer.tar" for i in range(len(layers))]
    for path, layer in zip(paths, layers, strict=True):
        path.write_bytes(layer)
    image = folder / "image"
    image.write_bytes(b"before")
    printed = run_packer(packer, ["squashfs", "--output", image, "--offset", str(OFFSET), *paths], {})
    assert json.loads(printed) == {"size": image.stat().st_size - OFFSET}
    assert image.stat().st_size % 4096 == 0
    return image


def merged(layers: Sequence[Mapping[bytes, Entry]]) -> Tree:
    """The tree of all layers: a later entry replaces an earlier entry; a repeated folder keeps its entries."""
    tree = {b"": Entry(FOLDER | 0o755, b"")}
    for layer in layers:
        for path, entry in layer.items():
            if path in tree and not (stat.S_ISDIR(entry.mode) and stat.S_ISDIR(tree[path].mode)):
                tree = {other: kept for other, kept in tree.items() if not other.startswith(path + b"/")}
            tree[path] = entry
    return tree


def with_folders(files: Mapping[bytes, Entry], mode: int = 0o755) -> Tree:
    """The entries sorted by path, each after its parent folders; entries below a file or link are left out."""
    layer: Tree = {}
    for path, entry in sorted(files.items()):
        parts = path.split(b"/")
        above = [b"/".join(parts[:i]) for i in range(1, len(parts))]
        if not any(stat.S_ISREG(layer[one].mode) or stat.S_ISLNK(layer[one].mode) for one in above if one in layer):
            layer |= {one: Entry(FOLDER | mode, b"") for one in above if one not in layer} | {path: entry}
    return layer


entries = st.one_of(
    st.builds(Entry, st.sampled_from([FILE | 0o644, FILE | 0o755, FILE | 0o400]), st.binary(max_size=40)),
    st.builds(Entry, st.just(FILE | 0o644), st.integers(0, 300000).map(lambda size: b"0123456789a" * (size // 11))),
    st.builds(Entry, st.just(LINK | 0o777), st.sampled_from([b"a", b"../b/\xff", b"n" * 4095])),
    st.builds(Entry, st.sampled_from([FOLDER | 0o755, FOLDER | 0o1777, FOLDER | 0o700]), st.just(b"")),
)
random_layers = st.lists(
    st.builds(with_folders, st.dictionaries(names, entries, max_size=8), st.sampled_from([0o755, 0o700, 0o750])),
    min_size=1,
    max_size=3,
)


@tried(40)
@given(layers=random_layers)
def test_squashfs_random_layers_later_entries_replace_earlier_ones(layers, packer, tmp_path_factory):
    image = write_squashfs(packer, tmp_path_factory.mktemp("random"), [layer_of(layer) for layer in layers])
    assert extracted(image, OFFSET) == merged(layers)


@pytest.fixture(scope="module")
def odd(packer: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tree]:
    """An image with odd names, a large folder and files at the sizes of blocks; its expected entries."""
    layer = odd_layer(ODD_NAMES)
    return write_squashfs(packer, tmp_path_factory.mktemp("odd"), [layer_of(layer)]), merged([layer])


def odd_layer(odd_names: Sequence[bytes]) -> Tree:
    files = {name: Entry(FILE | 0o644, name * 3) for name in odd_names}
    files |= {b"deep/" * 60 + name: Entry(LINK | 0o777, b"../" + name) for name in odd_names}
    files |= {b"large/%x" % i: Entry(FILE | 0o755, b"%d" % i) for i in range(9000)}
    sizes = (0, 1, 4095, 4096, 131071, 131072, 131073, 262144, 262145)
    files |= {b"edge/%d" % size: Entry(FILE | 0o600, os.urandom(size)) for size in sizes}
    files |= {b"void": Entry(FOLDER | 0o1777, b""), b"void/void": Entry(FOLDER | 0o700, b"")}
    return with_folders(files)


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_squashfs_odd_tree_is_found_by_every_reader(odd, reader):
    image, expected = odd
    assert reader(image, OFFSET) == expected


def test_squashfs_begins_at_the_offset_and_each_file_is_contiguous(odd):
    image, expected = odd
    whole = image.read_bytes()
    assert whole[:OFFSET] == b"before".ljust(OFFSET, b"\0")
    for path, entry in expected.items():
        # Searching for each of 9,000 small files would take seconds.
        assert not path.startswith(b"edge/") or entry.content in whole, path


def test_squashfs_superblock_is_described_by_unsquashfs(odd):
    image, expected = odd
    described = subprocess.run(
        [require_tool("unsquashfs"), "-s", "-o", str(OFFSET), image], capture_output=True, check=True, text=True
    ).stdout
    for line in (
        "Found a valid SQUASHFS 4:0 superblock",
        "Jan  1 00:00:00 1970",
        "Compression gzip",
        "Block size 131072",
        "Filesystem is exportable via NFS",
        "Inodes are uncompressed",
        "Data is uncompressed",
        "Fragments are not stored",
        "Xattrs are not stored",
        f"Number of inodes {len(expected)}\n",
        "Number of ids 1\n",
    ):
        assert line in described


def test_squashfs_truncated_layer_is_named_in_one_line(packer, tmp_path):
    layer = layer_of({b"a": Entry(FILE | 0o644, b"1" * 5000)})[:2000]
    with pytest.raises(DataError) as caught:
        write_squashfs(packer, tmp_path / "cut", [layer])
    path = tmp_path / "cut/0.layer.tar"
    assert str(caught.value) == f'reading layer "{path}": it is truncated; delete it and run snakemake again'


def test_squashfs_whiteout_is_refused(packer, tmp_path):
    with pytest.raises(DataError, match=r'"a/\.wh\.b" is a whiteout'):
        write_squashfs(packer, tmp_path / "whiteout", [layer_of({b"a/.wh.b": Entry(FILE | 0o644, b"")})])


@pytest.mark.parametrize("arguments", [[], ["--output", "x"], ["--output", "x", "--offset", "-1", "l"], ["--wrong"]])
def test_squashfs_wrong_flags_are_a_usage_error(packer, arguments):
    with pytest.raises(UsageError, match="usage: packer squashfs --output IMAGE --offset N"):
        run_packer(packer, ["squashfs", *arguments], {})


def test_squashfs_full_disk_names_the_image_and_the_remedy(packer, tmp_path):
    (tmp_path / "layer.tar").write_bytes(layer_of({b"a": Entry(FILE | 0o644, bytes(5 << 20))}))
    with small_disk(tmp_path / "disk", "size=1m") as disk, pytest.raises(DataError) as caught:
        (disk / "image").touch()
        run_packer(packer, ["squashfs", "--output", disk / "image", "--offset", "0", tmp_path / "layer.tar"], {})
    expected = f'writing "{disk}/image": the disk is full: free space on it, or set outdir to another disk'
    assert str(caught.value) == expected


@pytest.mark.parametrize("product", ["odd.sif", "odd.oci.sif", "odd.docker.tar"])
def test_convert_product_larger_than_its_disk_is_an_error_and_leaves_no_file(built, tmp_path, product):
    write_again(built, tmp_path / product)
    size_bytes = (tmp_path / product).stat().st_size
    for missing in (1, 5000, size_bytes // 3):
        with small_disk(tmp_path / f"disk{missing}", f"size={(size_bytes - missing) // 4096 * 4096}") as disk:
            with pytest.raises((DataError, OSError), match=r"the disk is full|No space left on device") as caught:
                write_again(built, disk / product)
            assert product in str(caught.value)
            assert os.listdir(disk) == []
    with small_disk(tmp_path / "larger", f"size={size_bytes + (64 << 10)}") as disk:
        write_again(built, disk / product)
        assert (disk / product).read_bytes() == (tmp_path / product).read_bytes()


def write_again(built: Products, path: Path) -> None:
    """Writes a product to another path; the path's suffix is that of the product."""
    if path.suffix == ".tar":
        assemble_archive(built.layout, path)
    else:
        built.convert(convert_oci if ".oci." in path.name else convert, image=path)


def test_convert_squashfs_contains_skeleton_data_and_entrypoint(built, tmp_path):
    image, again = tmp_path / "image.sif", tmp_path / "again.sif"
    built.convert(image=image)
    built.convert(image=again)
    assert image.read_bytes() == again.read_bytes()
    assert stat.S_IMODE(image.stat().st_mode) == 0o755
    (system, data) = partitions(image)
    assert system[:2] == data[:2]
    assert system[0] + system[1] == image.stat().st_size
    assert (system[2], data[2]) == (sif.PRIMARY_SYSTEM, sif.DATA)
    found = extracted(image, system[0])
    assert found == read_by_verify(image, system[0])
    below = {path.removeprefix(MOUNT): entry for path, entry in found.items() if path.startswith(MOUNT)}
    assert below | {b"": found[MOUNT[:-1]]} == packed(tree_of(built.folder.with_name("dataset")))
    assert found[b"entrypoint"] == Entry(FILE | 0o755, b"\x7fELF linux-amd64")
    assert found[b".singularity.d/runscript"] == Entry(LINK | 0o777, b"../entrypoint")
    assert found[b"tmp"] == Entry(FOLDER | 0o1777, b"")
    with tarfile.open(fileobj=io.BytesIO(skeleton_layer())) as tar:
        skeleton = set(map(os.fsencode, tar.getnames()))
    inside = {b".datacontainer" + name for name in (b"", b"/catalog.parquet", b"/dataset.json")}
    assert {path for path in found if not path.startswith(b"srv")} == skeleton | inside | {b"", b"entrypoint"}
    assert found[b".datacontainer/dataset.json"].content == (built.folder / "dataset.json").read_bytes()
    assert system[0] == partition_offset(image)


def test_convert_damaged_layer_leaves_no_image(products):
    products.sif.unlink()
    (layer,) = (path for path in map(products.blob, products.digests()) if UNIQUE in path.read_bytes())
    flip(layer, UNIQUE)
    with pytest.raises(DataError, match=rf"mismatch for the blob '.*{layer.name}': .*; the damaged blob was deleted"):
        products.convert()
    assert not layer.exists()
    assert not [path for path in products.folder.iterdir() if products.sif.name in path.name]


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
