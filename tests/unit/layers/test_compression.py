"""Tests of compressed layers and SquashFS: other programs decompress them; messages for damage and failures."""

import hashlib
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from datacontainer.layers.chunked import SEEK_TABLE
from datacontainer.layers.compression import compress_file, pipe_into
from datacontainer.layers.layerstream import one_tar
from datacontainer.runtime.errors import DataContainerError, DataError, MissingToolError, UsageError
from datacontainer.runtime.packer import run_packer
from datacontainer.sif import mksquashfs
from tools.engines import require_tool, small_disk
from tools.images import Entry
from tools.products import Products, refused, sha256sum
from tools.squashfs import FILE, READERS, extracted, layer_of, partitions

CUTS = (8, 25)
MEDIA = "application/vnd.oci.image.layer.v1.tar+"


@pytest.fixture(scope="module", params=["gzip", "zstd"])
def intact(request, built, tmp_path_factory) -> Products:
    """The compressed products of the dataset of odd names, which tests must not change."""
    folder = tmp_path_factory.mktemp(request.param) / "products"
    return Products(folder, built.packer, request.param).make(built.folder.with_name("dataset"), CUTS)


@pytest.fixture
def compressed(intact, tmp_path) -> Products:
    """A copy of the compressed products, which tests may damage."""
    return intact.copy(tmp_path / "compressed")


def test_layers_decompressed_by_gzip_and_zstd_equal_uncompressed_layers(intact, built):
    assert len(intact.digests()) == len(built.digests()) == 5
    for blob, tar in zip(intact.digests(), built.digests(), strict=True):
        command = [require_tool(intact.compression), "--decompress", "--stdout", intact.blob(blob)]
        assert subprocess.run(command, check=True, capture_output=True).stdout == built.blob(tar).read_bytes()
        assert sha256sum(intact.blob(blob)) == blob


def test_manifest_has_the_media_type_and_config_the_diff_ids(intact, built):
    manifest = next(path for path in intact.referring_to(intact.digests()[-1]) if b'"layers":' in path.read_bytes())
    layers = json.loads(manifest.read_bytes())["layers"]
    assert {layer["mediaType"] for layer in layers} == {MEDIA + intact.compression}
    assert [layer["size"] for layer in layers] == [intact.blob(one).stat().st_size for one in intact.digests()]
    config = json.loads(intact.blob(intact.config()).read_bytes())
    assert config["rootfs"]["diff_ids"] == [f"sha256:{digest}" for digest in built.digests()]


def test_facts_describe_the_tar_and_the_blob(intact, built):
    facts, plain = (json.loads((one.folder / "stages/hash/shard1.json").read_bytes()) for one in (intact, built))
    layer = intact.folder / "stages/hash/shard1.layer"
    blob = {
        "digest": f"sha256:{sha256sum(layer)}",
        "blob_size": layer.stat().st_size,
        "compression": intact.compression,
    }
    annotations = {SEEK_TABLE} if intact.compression == "zstd" else set()
    assert facts.pop("annotations", {}).keys() == annotations
    assert facts == plain | blob
    assert layer.samefile(intact.blob(sha256sum(layer)))


@pytest.mark.parametrize("reader", READERS)
def test_sif_has_the_files_of_an_uncompressed_sif(intact, built, reader):
    offset, size, _ = partitions(intact.sif)[0]
    assert offset + size == intact.sif.stat().st_size
    assert reader(intact.sif, offset) == extracted(built.sif, partitions(built.sif)[0][0])
    command = [require_tool("unsquashfs"), "-s", "-o", str(offset), intact.sif]
    described = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert f"Compression {intact.compression}" in described
    assert "Jan  1 00:00:00 1970" in described


def test_verify_compressed_images_reports_the_same_data(compressed, products):
    report, plain = compressed.verify(), products.verify()
    for key in ("files", "bytes", "digest"):
        assert report[key] == plain[key]
    assert report["layout"]["blobs"] == plain["layout"]["blobs"]


def test_hash_and_convert_threads_do_not_change_a_byte(intact, built, tmp_path, monkeypatch):
    for name, value in {"SOURCE_DATE_EPOCH": "1700000000", "GOMAXPROCS": "1", "TZ": "Pacific/Chatham"}.items():
        monkeypatch.setenv(name, value)
    again = Products(tmp_path / "again", built.packer, intact.compression)
    again.make(built.folder.with_name("dataset"), CUTS)
    assert again.digests() == intact.digests()
    again.convert(threads=1)
    assert sha256sum(again.sif) == sha256sum(intact.sif)


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
        (lambda _: b"not a compressed stream" * 40, "cannot be decompressed: "),
    ],
)
def test_verify_blob_that_cannot_be_decompressed_is_named(compressed, change, named):
    digest = compressed.digests()[1]
    content = change(compressed.blob(digest).read_bytes())
    compressed.replace_blob(digest, content)
    refused(compressed, named, hashlib.sha256(content).hexdigest())


def test_verify_other_diff_id_of_a_compressed_layer_is_named(compressed):
    def change(config: dict) -> None:
        config["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64

    digest = compressed.digests()[0]
    compressed.change_json(compressed.config(), change)
    refused(compressed, f"the diff ID of the layer sha256:{digest}: expected sha256:000")


def test_verify_damaged_sif_of_compressed_data_is_refused(compressed):
    content = bytearray(compressed.sif.read_bytes())
    content[partitions(compressed.sif)[0][0] + 200] ^= 0xFF
    compressed.sif.write_bytes(content)
    refused(compressed, f"delete '{compressed.sif}'")


def test_convert_damaged_layer_leaves_no_image(compressed):
    compressed.sif.unlink()
    layer = compressed.blob(compressed.digests()[1])
    layer.write_bytes(layer.read_bytes()[:-30])
    with pytest.raises(DataError, match=rf"checksum mismatch for the blob '.*{layer.name}'"):
        compressed.convert()
    assert not list(compressed.folder.glob("*.sif*")) + list(compressed.folder.glob(".*.sif*"))


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("kill -9 $$", "mksquashfs failed: ended by a signal: Killed"),
        ("exec <&-", "mksquashfs exited before it read all layers"),
        ("cat > /dev/null", "mksquashfs wrote 0 bytes, expected a SquashFS"),
        ('REAL "$@"; truncate --size -4096 "$2"', r"mksquashfs wrote \d+ bytes, expected a SquashFS of \d+ bytes"),
        ("ulimit -f 20; trap '' XFSZ; REAL \"$@\"", "mksquashfs failed: .*File too large"),
    ],
)
def test_convert_mksquashfs_that_fails_leaves_no_image(compressed, tmp_path, monkeypatch, script, error):
    compressed.sif.unlink()
    real = require_tool("mksquashfs")
    program(tmp_path / "bin", f'case "$1" in -version) exec {real} -version;; esac; {script.replace("REAL", real)}')
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    with pytest.raises(DataContainerError, match=error):
        compressed.convert()
    assert not list(compressed.folder.glob("*.sif*")) + list(compressed.folder.glob(".*.sif*"))


def program(folder: Path, script: str) -> None:
    """Creates a program with the name mksquashfs in a new folder."""
    folder.mkdir()
    (folder / "mksquashfs").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "mksquashfs").chmod(0o755)


def test_find_mksquashfs_missing_names_the_key_and_the_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError) as caught:
        mksquashfs.find_mksquashfs("gzip")
    assert str(caught.value) == (
        "mksquashfs is not on PATH; compression: gzip of a SIF needs version 4.5 or later: install the "
        "package squashfs-tools, or set compression: none"
    )
    assert caught.value.exit_status == 3


@pytest.mark.parametrize("version", ["mksquashfs version 4.4 (2019/08/29)", "what?"])
def test_find_mksquashfs_too_old_names_the_version(tmp_path, monkeypatch, version):
    program(tmp_path / "bin", f"echo '{version}'")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    with pytest.raises(MissingToolError) as caught:
        mksquashfs.find_mksquashfs("zstd")
    found = f"mksquashfs at '{tmp_path}/bin/mksquashfs' is too old or another program: -version prints '{version}'; "
    assert found in str(caught.value)


def test_write_compressed_failure_contains_the_output_of_mksquashfs(tmp_path):
    image = tmp_path / "image"
    image.touch()
    with pytest.raises(DataContainerError, match=r"mksquashfs failed: .*truncated or corrupted"):
        mksquashfs.write_compressed(image, 4096, "gzip", 1, [layer_of({b"a": Entry(FILE | 0o644, b"1" * 9000)})[:2048]])


def test_one_tar_truncated_layer_is_named(tmp_path):
    layer = tmp_path / "layer"
    layer.write_bytes(layer_of({b"a": Entry(FILE | 0o644, b"1")})[:1024])
    with pytest.raises(DataError, match=r"reading layer '.*': the end of the tar is missing; delete it and run"):
        b"".join(one_tar([layer], "none", bytes(1024)))


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_one_tar_of_zeros_returns_small_pieces(packer, tmp_path, compression):
    tar = layer_of({b"zeros": Entry(FILE | 0o644, bytes(64 << 20))})
    (tmp_path / "tar").write_bytes(tar)
    compress_file(compression, packer, tmp_path / "tar", tmp_path / "blob")
    assert (tmp_path / "blob").stat().st_size < 1 << 18
    pieces = list(one_tar([tmp_path / "blob"], compression, bytes(1024)))
    assert max(map(len, pieces)) <= 1 << 20
    assert b"".join(pieces) == tar


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_compress_file_full_disk_leaves_nothing(packer, tmp_path, compression):
    (tmp_path / "tar").write_bytes(os.urandom(3 << 20))
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        with pytest.raises((DataError, OSError), match=r"the disk is full|No space left on device"):
            compress_file(compression, packer, tmp_path / "tar", disk / "blob")
        assert os.listdir(disk) == []


def test_convert_compressed_sif_larger_than_its_disk_is_an_error_and_leaves_no_file(intact, tmp_path):
    size_bytes = intact.sif.stat().st_size
    for missing in (1, size_bytes // 3):
        with small_disk(tmp_path / f"disk{missing}", f"size={(size_bytes - missing) // 4096 * 4096}") as disk:
            with pytest.raises(
                (DataContainerError, OSError), match=r"the disk is full|No space left on device"
            ) as caught:
                intact.convert(image=disk / "odd.sif")
            assert f"'{disk}/odd.sif'" in str(caught.value)
            assert os.listdir(disk) == []


def test_pipe_into_full_disk_raises_the_readers_error(tmp_path):
    threads = threading.active_count()
    with small_disk(tmp_path / "disk", "size=64k") as disk:
        with (
            pytest.raises(OSError, match="No space left on device"),
            pipe_into(disk / "blob", 1, contents=False) as pipe,
        ):
            for _ in range(40):
                os.write(pipe.descriptor, os.urandom(1 << 20))
        assert os.listdir(disk) == []
    assert threading.active_count() <= threads


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_hash_changed_file_leaves_no_compressed_layer(staged, dataset, monkeypatch, compression):
    (dataset / "a").write_bytes(b"1" * 500_000)
    staged.compression = compression
    staged.scan()
    os.truncate(dataset / "a", 10)
    monkeypatch.setattr(staged, "scan", lambda: None)
    with pytest.raises(DataError, match="changed after the scan"):
        staged.run()
    assert list((staged.folder / "stages/hash").rglob("*layer*")) == []


@pytest.mark.parametrize("arguments", [[], ["--output", "x"], ["l"], ["--wrong"]])
def test_compress_wrong_flags_are_a_usage_error(packer, arguments):
    with pytest.raises(UsageError, match=r"usage: packer compress --output BLOB LAYER\.tar"):
        run_packer(packer, ["compress", *arguments], {})
