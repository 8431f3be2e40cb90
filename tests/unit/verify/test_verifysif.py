"""Tests of verify: differences of a SIF's header, data objects and files from the layout are named."""

import hashlib
import os

import pytest

from tools.products import DAMAGE, MOUNT, UNIQUE, UNIQUE_PATH, Change, convert_other, flip, put, refused
from tools.squashfs import FILE, FOLDER

CATALOG = b".datacontainer/catalog.parquet"


@pytest.mark.parametrize(("change", "named"), DAMAGE)
def test_verify_sif_of_other_layers_names_the_file(products, tmp_path, change: Change, named: str):
    convert_other(products, tmp_path / "other", 2, change)
    error = refused(products, named.format("SIF"), f"delete '{products.sif}' and")
    assert "layers" not in error


@pytest.mark.parametrize(
    ("layer", "change", "named"),
    [
        (2, put(UNIQUE_PATH, FILE | 0o755, UNIQUE), "(the layers), found mode 0755 (the SIF)"),
        (2, put(MOUNT + b"sub/void", FOLDER | 0o755), "'sub/void/' is in the SIF but not in the layers"),
        (2, lambda e: e.pop(MOUNT + b"unfinished"), "'unfinished/' is missing from the SIF"),
        (3, put(CATALOG, FILE | 0o644, b"x"), "sha256 of '/.datacontainer/catalog.parquet': expected "),
        (3, put(CATALOG, FILE | 0o755, b"x"), "the mode of '/.datacontainer/catalog.parquet': expected 0644"),
        (3, lambda e: e.pop(CATALOG), "'/.datacontainer/catalog.parquet' is missing from the SIF"),
        (3, put(CATALOG + b"2", FILE | 0o644), "'/.datacontainer/catalog.parquet2' is in the SIF, but is not part of"),
        (-1, put(b"bin", FOLDER | 0o755), "'/bin/' is in the SIF, but is not part of"),
        (-1, put(b"entrypoint", FILE | 0o644), "mode of '/entrypoint': expected 0755"),
        (-1, lambda e: e.pop(b"entrypoint"), "'/entrypoint' is missing from the SIF"),
    ],
)
def test_verify_sif_with_other_modes_files_or_folders_names_them(products, tmp_path, layer, change, named):
    convert_other(products, tmp_path / "other", layer, change)
    refused(products, named)


def test_verify_byte_changed_in_the_sif_names_the_file(products):
    flip(products.sif, UNIQUE)
    refused(
        products,
        f"'sub/unique': expected sha256 {hashlib.sha256(UNIQUE).hexdigest()} (the catalog), found sha256 ",
        f"'{products.sif}'",
    )


def test_verify_partitions_of_different_bytes_are_named(products):
    content = products.sif.read_bytes()
    size = content.index(b"data.squashfs\0") - 48
    smaller = int.from_bytes(content[size : size + 8], "little") - 4096
    products.sif.write_bytes(content[:size] + smaller.to_bytes(8, "little") + content[size + 8 :])
    refused(products, "the offset and size of the SquashFS: expected (")


@pytest.mark.parametrize("near", [b"SIF_MAGIC\x0001\0", b"system.squashfs".ljust(128, b"\0") + b"\1\0\0\0\2\0\0\0"])
def test_verify_sif_for_another_architecture_names_both(products, near):
    content = products.sif.read_bytes()
    products.sif.write_bytes(content.replace(near + b"02\0", near + b"04\0"))
    refused(products, "the SIF's architecture: expected amd64 (the layout), found arm64 (the SIF)")


@pytest.mark.parametrize("size_bytes", [0, 100, 4096, 40_000, -1, -4096])
def test_verify_truncated_sif_names_it_and_its_sizes(products, size_bytes):
    whole = products.sif.stat().st_size
    os.truncate(products.sif, size_bytes if size_bytes >= 0 else whole + size_bytes)
    error = refused(products, f"the SIF '{products.sif}' is damaged: ")
    assert size_bytes in (0, 100) or f"to {whole}, but the file has {products.sif.stat().st_size} bytes" in error


@pytest.mark.parametrize(
    ("near", "distance", "named"),
    [
        (b"SIF_MAGIC", 0, "expected the header of a SIF of version 01"),
        (b"SIF_MAGIC", 56, "the header describes 49 descriptors, 43 of them free, in 28080 bytes"),
        (b"#!/usr/bin/env run-singularity", 0, "expected the header of a SIF of version 01"),
        (b"system.squashfs\0", 128, "has 0 system and 1 data partitions with a SquashFS"),
        (b"data.squashfs\0", -56, "'data.squashfs' should be at"),
        (b"data.squashfs\0", -56 + 7, "'data.squashfs' should be at"),
        (b"data.squashfs\0", -69, "the header describes 5 data objects, but the file has 4"),
        (b"data.squashfs\0", 128 + 8, "its architecture is b'12"),
        (b"oci-config.json\0", 0, "has no object 'oci-config.json'"),
        (b'"architecture":"amd64"', 2, "sha256 of 'oci-config.json': expected "),
        (b'{"data":{"attributes"', 2, "has no data.attributes.labels"),
        (b'org.example.note":"a"', 19, "the labels: expected {"),
        (b"linux-amd64", 0, "sha256 of '/entrypoint': expected "),
        (b"../entrypoint", 3, "runscript': expected b'../entrypoint' (Apptainer), found b'../dntrypoint' (the SIF)"),
    ],
)
def test_verify_sif_with_a_changed_part_names_it(products, near, distance, named):
    content = products.sif.read_bytes()
    place = content.index(near) + distance
    products.sif.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    refused(products, named)
