"""Compression: layers and SquashFS by what other programs make of them, and what is said when something is wrong."""

import hashlib
import io
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from datacontainer.layers.compression import FRAME_BYTES, compress_file, compress_zstd, pipe_into
from datacontainer.layers.layerstream import one_tar
from datacontainer.runtime.errors import DataContainerError, DataError, MissingToolError, UsageError
from datacontainer.runtime.packer import run_packer
from datacontainer.sif import mksquashfs
from tools.engines import require_root, require_tool
from tools.images import Entry
from tools.products import Products, refused, sha256sum
from tools.squashfs import FILE, extracted, layer_of, mounted_by_kernel, mounted_by_squashfuse, read_by_verify

CUTS = (8, 25)
MEDIA = "application/vnd.oci.image.layer.v1.tar+"


@pytest.fixture(scope="module", params=["gzip", "zstd"])
def whole(request, built, tmp_path_factory) -> Products:
    """The products of the dataset of odd names, compressed."""
    folder = tmp_path_factory.mktemp(request.param) / "products"
    return Products(folder, built.packer, request.param).make(built.folder.with_name("dataset"), CUTS)


@pytest.fixture
def compressed(whole, tmp_path) -> Products:
    """A copy of them, to damage."""
    return whole.copy(tmp_path / "compressed")


def partition(products: Products) -> tuple[int, int]:
    """Offset and size of the SquashFS."""
    descriptor = products.sif.read_bytes()[4096 + 3 * 585 :]
    return int.from_bytes(descriptor[17:25], "little"), int.from_bytes(descriptor[25:33], "little")


def test_layers_are_what_gzip_and_zstd_decompress_to_those_without(whole, built):
    assert len(whole.digests()) == len(built.digests()) == 4
    for blob, tar in zip(whole.digests(), built.digests(), strict=True):
        command = [require_tool(whole.compression), "--decompress", "--stdout", whole.blob(blob)]
        assert subprocess.run(command, check=True, capture_output=True).stdout == built.blob(tar).read_bytes()
        assert sha256sum(whole.blob(blob)) == blob


def test_manifest_tells_the_form_and_config_the_diff_ids(whole, built):
    manifest = next(path for path in whole.referring_to(whole.digests()[-1]) if b'"layers":' in path.read_bytes())
    layers = json.loads(manifest.read_bytes())["layers"]
    assert {layer["mediaType"] for layer in layers} == {MEDIA + whole.compression}
    assert [layer["size"] for layer in layers] == [whole.blob(one).stat().st_size for one in whole.digests()]
    config = json.loads(whole.blob(whole.config()).read_bytes())
    assert config["rootfs"]["diff_ids"] == [f"sha256:{digest}" for digest in built.digests()]


def test_facts_are_those_of_the_tar_and_of_the_blob(whole, built):
    facts, plain = (json.loads((one.folder / "stages/hash/shard1.json").read_bytes()) for one in (whole, built))
    layer = whole.folder / "stages/hash/shard1.layer"
    blob = {"digest": f"sha256:{sha256sum(layer)}", "blob_size": layer.stat().st_size, "compression": whole.compression}
    assert facts == plain | blob
    assert layer.samefile(whole.blob(sha256sum(layer)))


def test_sif_has_the_files_of_one_that_is_not_compressed(compressed, products):
    offset, size = partition(compressed)
    assert offset + size == compressed.sif.stat().st_size
    found = extracted(compressed.sif, offset)
    assert found == extracted(products.sif, partition(products)[0])
    assert read_by_verify(compressed.sif, offset) == found
    command = [require_tool("unsquashfs"), "-s", "-o", str(offset), compressed.sif]
    described = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert f"Compression {compressed.compression}" in described
    assert "Jan  1 00:00:00 1970" in described


@pytest.mark.parametrize("mounted", [mounted_by_kernel, mounted_by_squashfuse])
def test_sif_is_mounted_with_all_its_files(compressed, mounted):
    offset, _ = partition(compressed)
    expected = extracted(compressed.sif, offset)
    with mounted(compressed.sif, offset) as found:
        assert found == expected


def test_verify_compressed_images_reports_the_same_data(compressed, products):
    report, plain = compressed.verify(), products.verify()
    for key in ("files", "bytes", "digest"):
        assert report[key] == plain[key]
    assert report["layout"]["blobs"] == plain["layout"]["blobs"]


def test_hash_and_convert_threads_do_not_change_a_byte(whole, built, tmp_path, monkeypatch):
    for name, value in {"SOURCE_DATE_EPOCH": "1700000000", "GOMAXPROCS": "1", "TZ": "Pacific/Chatham"}.items():
        monkeypatch.setenv(name, value)
    again = Products(tmp_path / "again", built.packer, whole.compression)
    again.make(built.folder.with_name("dataset"), CUTS)
    assert again.digests() == whole.digests()
    again.convert(threads=1)
    assert sha256sum(again.sif) == sha256sum(whole.sif)


def test_verify_flipped_bit_of_a_blob_is_named(compressed):
    digest = compressed.digests()[1]
    content = bytearray(compressed.blob(digest).read_bytes())
    content[len(content) // 2] ^= 1
    compressed.blob(digest).write_bytes(content)
    refused(compressed, digest)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda blob: blob[:-1], "cannot be decompressed: "),
        (lambda blob: blob[:40], "cannot be decompressed: "),
        (lambda blob: blob + b"x", "cannot be decompressed: "),
        (lambda _: b"no form of any kind" * 40, "cannot be decompressed: "),
    ],
)
def test_verify_blob_that_is_not_of_its_form_is_named(compressed, change, named):
    digest = compressed.digests()[1]
    content = change(compressed.blob(digest).read_bytes())
    compressed.replace_blob(digest, content)
    refused(compressed, named, hashlib.sha256(content).hexdigest())


def test_verify_other_diff_id_of_a_compressed_layer_is_named(compressed):
    def change(config: dict) -> None:
        config["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64

    digest = compressed.digests()[0]
    compressed.change_json(compressed.config(), change)
    refused(compressed, f"the diff ID of the layer sha256:{digest}: the config says sha256:000")


def test_verify_damaged_sif_of_compressed_data_is_refused(compressed):
    offset, _ = partition(compressed)
    content = bytearray(compressed.sif.read_bytes())
    content[offset + 200] ^= 0xFF
    compressed.sif.write_bytes(content)
    refused(compressed, f"delete '{compressed.sif}'")


def test_convert_damaged_layer_leaves_no_image(compressed):
    compressed.sif.unlink()
    layer = compressed.blob(compressed.digests()[1])
    layer.write_bytes(layer.read_bytes()[:-30])
    with pytest.raises(DataError, match=rf"the blob '.*{layer.name}' was damaged after it was written"):
        compressed.convert()
    assert not list(compressed.folder.glob("*.sif*")) + list(compressed.folder.glob(".*.sif*"))


def test_convert_killed_mksquashfs_leaves_no_image(compressed, tmp_path, monkeypatch):
    compressed.sif.unlink()
    program(tmp_path / "bin", f'case "$1" in -version) exec {require_tool("mksquashfs")} -version;; esac; kill -9 $$')
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    with pytest.raises(DataContainerError, match="mksquashfs failed: exit status -9"):
        compressed.convert()
    assert not list(compressed.folder.glob("*.sif*")) + list(compressed.folder.glob(".*.sif*"))


def test_convert_mksquashfs_that_ends_early_leaves_no_image(compressed, tmp_path, monkeypatch):
    compressed.sif.unlink()
    program(tmp_path / "bin", f'case "$1" in -version) exec {require_tool("mksquashfs")} -version;; esac; exec <&-')
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    with pytest.raises(DataContainerError, match="mksquashfs ended before the layers did"):
        compressed.convert()
    assert not list(compressed.folder.glob("*.sif*"))


def program(folder: Path, script: str) -> None:
    """A program of the name mksquashfs in a folder of its own."""
    folder.mkdir()
    (folder / "mksquashfs").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "mksquashfs").chmod(0o755)


def test_find_mksquashfs_missing_names_the_key_and_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError) as caught:
        mksquashfs.find_mksquashfs("gzip")
    assert str(caught.value) == (
        "mksquashfs is not on PATH, and a SIF with compression: gzip is made by version 4.5 or later: install the "
        "package squashfs-tools, or set compression: none"
    )
    assert caught.value.exit_status == 3


@pytest.mark.parametrize("said", ["mksquashfs version 4.4 (2019/08/29)", "what?"])
def test_find_mksquashfs_too_old_says_what_it_is(tmp_path, monkeypatch, said):
    program(tmp_path / "bin", f"echo '{said}'")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    with pytest.raises(MissingToolError) as caught:
        mksquashfs.find_mksquashfs("zstd")
    assert f"mksquashfs at '{tmp_path}/bin/mksquashfs' is too old, or not what it should be: it says" in str(
        caught.value
    )
    assert said in str(caught.value)


def test_write_compressed_failure_tells_what_mksquashfs_printed(tmp_path):
    image = tmp_path / "image"
    image.touch()
    with pytest.raises(DataContainerError, match=r"mksquashfs failed: .*truncated or corrupted"):
        mksquashfs.write_compressed(image, 4096, "gzip", 1, [layer_of({b"a": Entry(FILE | 0o644, b"1" * 9000)})[:2048]])


def test_one_tar_without_a_tars_end_is_refused(tmp_path):
    layer = tmp_path / "layer"
    layer.write_bytes(layer_of({b"a": Entry(FILE | 0o644, b"1")})[:1024])
    with pytest.raises(DataError, match=r"reading layer '.*': it does not end as a tar does; delete it and run"):
        b"".join(one_tar([layer], "none", bytes(1024)))


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_one_tar_of_zeros_comes_in_small_pieces(packer, tmp_path, compression):
    tar = layer_of({b"zeros": Entry(FILE | 0o644, bytes(64 << 20))})
    (tmp_path / "tar").write_bytes(tar)
    compress_file(compression, packer, tmp_path / "tar", tmp_path / "blob")
    assert (tmp_path / "blob").stat().st_size < 1 << 18
    pieces = list(one_tar([tmp_path / "blob"], compression, bytes(1024)))
    assert max(map(len, pieces)) <= 1 << 20
    assert b"".join(pieces) == tar


class Dripping(io.RawIOBase):
    """Gives out some bytes at a time, as a pipe does."""

    def __init__(self, content: bytes) -> None:
        self.rest = content

    def read(self, size: int = -1) -> bytes:
        piece, self.rest = self.rest[: min(size, 65_521)], self.rest[min(size, 65_521) :]
        return piece


def test_compress_zstd_pieces_and_threads_do_not_change_a_byte():
    content = b"".join(b"%d " % (i * i) for i in range(700_000)) + bytes(FRAME_BYTES)
    one, other = io.BytesIO(), io.BytesIO()
    stored = compress_zstd(io.BytesIO(content), one, 1)
    assert compress_zstd(Dripping(content), other, 3) == stored
    assert one.getvalue() == other.getvalue()
    assert stored == ("sha256:" + hashlib.sha256(one.getvalue()).hexdigest(), len(one.getvalue()))
    command = [require_tool("zstd"), "--decompress", "--stdout"]
    assert subprocess.run(command, input=one.getvalue(), check=True, capture_output=True).stdout == content


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_compress_file_full_disk_leaves_nothing(packer, tmp_path, compression):
    require_root("a file system of a size")
    (tmp_path / "tar").write_bytes(os.urandom(3 << 20))
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    try:
        with pytest.raises((DataError, OSError), match=r"the disk is full|No space left on device"):
            compress_file(compression, packer, tmp_path / "tar", disk / "blob")
        assert os.listdir(disk) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_pipe_into_failure_of_the_blob_goes_before_that_of_who_writes(tmp_path):
    require_root("a file system of a size")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=True)
    try:
        with pytest.raises(OSError, match="No space left on device"), pipe_into(tmp_path / "blob", 1) as pipe:
            for _ in range(40):
                os.write(pipe.descriptor, os.urandom(1 << 20))
        assert os.listdir(tmp_path) == []
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    assert threading.active_count() < 10


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_hash_shard_changed_file_leaves_no_compressed_layer(built, tmp_path, compression):
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    (dataset / "a").write_bytes(b"1" * 500_000)
    products = Products(tmp_path / "products", built.packer, compression)
    listed = dataset / "a"
    with pytest.raises(DataError, match="changed after the scan"):
        make_after(products, dataset, lambda: os.truncate(listed, 10))
    assert [path.suffix for path in (products.folder / "stages/hash").iterdir()] == [".list"]


def make_after(products: Products, dataset: Path, change) -> None:
    """Makes the products of a dataset that changes once it is listed."""
    real = Products._shard

    def shard(self: Products, number: int) -> Path:
        change()
        return real(self, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Products, "_shard", shard)
        products.make(dataset, [])


@pytest.mark.parametrize("arguments", [[], ["--output", "x"], ["l"], ["--wrong"]])
def test_compress_wrong_flags_are_a_usage_error(packer, arguments):
    with pytest.raises(UsageError, match=r"usage: packer compress --output BLOB LAYER\.tar"):
        run_packer(packer, ["compress", *arguments], {})
