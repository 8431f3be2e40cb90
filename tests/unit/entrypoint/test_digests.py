"""The digests: the same ones in the library, the packer and the entrypoint; the configuration's are generated."""

import hashlib
import re
import subprocess

import pyarrow as pa
import pytest

from datacontainer.catalog.fields import DIGEST_BYTES
from tools.entrypoint import one_line

CONTENT = b"123456789"
BLAKE3 = "b7d65b48420d1033cb2595293263b6f72eabee20d55e699d0df1973b3c9deed1"


def listed(message: str) -> list[str]:
    """The names that an error lists behind an unknown one."""
    (names,) = re.findall(r'unknown digest "sha3": the digests are ([^;\n]*)', message)
    return names.split(", ")


def catalog(folder, **digests: str) -> pa.Table:
    """The catalog of one file, which it writes, with these digests besides its sha256."""
    (folder / "n").write_bytes(CONTENT)
    columns = {"path": ["n"], "size": [len(CONTENT)], "sha256": [hashlib.sha256(CONTENT).hexdigest()]}
    return pa.table(columns | {name: [digest] for name, digest in digests.items()})


@pytest.fixture
def data(short_folder):
    """Where the files of an image lie."""
    folder = short_folder / "digests"
    folder.mkdir(exist_ok=True)
    return folder


def test_digests_packer_and_entrypoint_know_those_of_the_library(packer, entrypoint, data, monkeypatch):
    needed = ["--root", "x", "--list", "x", "--mount", "x", "--records", "x"]
    by_packer = subprocess.run([packer, "hash", *needed, "--digests", "sha3"], stderr=-1, text=True, check=False).stderr
    expected = list(DIGEST_BYTES)
    monkeypatch.setitem(DIGEST_BYTES, "sha3", 32)
    program = entrypoint(catalog(data, sha3="00" * 32), mount=str(data))
    by_entrypoint = one_line(program.run("-verify", status=1).stderr)
    assert listed(by_packer) == listed(by_entrypoint) == expected


@pytest.mark.parametrize(("digest", "status"), [(BLAKE3, 0), ("0" + BLAKE3[1:], 1)])
def test_verify_blake3_is_computed(entrypoint, data, digest, status):
    program = entrypoint(catalog(data, blake3=digest), mount=str(data))
    printed = program.run("-verify", status=status).stdout.decode()
    assert (f"{data}/n: blake3 is {BLAKE3}, not {digest}\n" in printed) == (status == 1)
