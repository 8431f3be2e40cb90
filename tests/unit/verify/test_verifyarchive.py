"""Tests of verify: missing, additional and changed files of the archive for `docker load` are named."""

import os
import subprocess

import pytest

from tools.products import UNIQUE, Products, flip, refused, sha256sum


def test_verify_byte_changed_in_the_archive_names_the_member(products):
    flip(products.archive, UNIQUE)
    layer = products.digests()[2]
    refused(
        products, f"'blobs/sha256/{layer}': expected {layer} (the layout), found ", f"delete '{products.archive}' and"
    )


@pytest.fixture
def members(products: Products) -> list[str]:
    """The names of the members of the archive."""
    command = ["tar", "-tf", products.archive]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def archive_of(products: Products, members: list[str]) -> None:
    """Creates the archive again, from these members."""
    for name in {"other", *members}:
        if name.endswith("/"):
            (products.layout / name).mkdir(exist_ok=True)
        elif not (products.layout / name).exists():
            (products.layout / name).write_bytes(b"other")
    command = ["tar", "--format=ustar", "--no-recursion", "--hard-dereference", "-cf", products.archive, *members]
    subprocess.run(command, check=True, cwd=products.layout)


def test_verify_archive_made_by_gnu_tar_passes(products, members):
    archive_of(products, members[::-1][:-5] + members[:2])
    refused(products, "comes before its folder in the archive, or without it")
    archive_of(products, members)
    assert products.verify()["docker"]["sha256"] == sha256sum(products.archive)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda m: m.remove("oci-layout"), "'oci-layout' is missing from the archive"),
        (lambda m: m.pop(), "' is missing from the archive"),
        (lambda m: m.append("other"), "'other' is in the archive but not in the layout"),
        (lambda m: m.append("folder/"), "'folder/' is in the archive but not in the layout"),
        (lambda m: m.append("index.json"), "'index.json' occurs twice in the archive"),
        (lambda m: m.remove("blobs/sha256/"), "comes before its folder in the archive, or without it"),
    ],
)
def test_verify_archive_with_other_members_names_them(products, members, change, named):
    change(members)
    archive_of(products, members)
    refused(products, named)


def test_verify_truncated_archive_names_its_end(products):
    size = products.archive.stat().st_size
    os.truncate(products.archive, size - 100_000)
    refused(products, f"'{products.archive}' is truncated at byte {size - 100_000}, ")
