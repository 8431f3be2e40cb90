"""Verify: an archive that does not have the layout's files, and no others, is refused by an error that names them."""

import os
import subprocess

import pytest

from tools.products import UNIQUE, Products, flip, refused, sha256sum


def test_verify_byte_changed_in_the_archive_names_the_member(products):
    flip(products.archive, UNIQUE)
    layer = products.digests()[2]
    refused(
        products, f"'blobs/sha256/{layer}': the layout says {layer}, the archive ", f"delete '{products.archive}' and"
    )


@pytest.fixture
def members(products: Products) -> list[str]:
    """The names of the members of the archive."""
    command = ["tar", "-tf", products.archive]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def archive_of(products: Products, members: list[str]) -> None:
    """Makes the archive anew, of these members."""
    for name in {"other", *members}:
        if name.endswith("/"):
            (products.layout / name).mkdir(exist_ok=True)
        elif not (products.layout / name).exists():
            (products.layout / name).write_bytes(b"other")
    command = ["tar", "--format=ustar", "--no-recursion", "--hard-dereference", "-cf", products.archive, *members]
    subprocess.run(command, check=True, cwd=products.layout)


def test_verify_archive_made_by_gnu_tar_passes(products, members):
    archive_of(products, members[::-1][:-5] + members[:2])
    refused(products, "is in the archive without its folder before it")
    archive_of(products, members)
    assert products.verify()["docker"]["sha256"] == sha256sum(products.archive)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda m: m.remove("oci-layout"), "'oci-layout' is missing from the archive"),
        (lambda m: m.pop(), "' is missing from the archive"),
        (lambda m: m.append("other"), "'other' is in the archive and not in the layout"),
        (lambda m: m.append("folder/"), "'folder/' is in the archive and not in the layout"),
        (lambda m: m.append("index.json"), "'index.json' is in the archive twice"),
        (lambda m: m.remove("blobs/sha256/"), "is in the archive without its folder before it"),
    ],
)
def test_verify_archive_with_other_members_names_them(products, members, change, named):
    change(members)
    archive_of(products, members)
    refused(products, named)


def test_verify_truncated_archive_says_where_it_ends(products):
    size = products.archive.stat().st_size
    os.truncate(products.archive, size - 100_000)
    refused(products, f"'{products.archive}' ends ", f" bytes early, after {size - 100_000}")
