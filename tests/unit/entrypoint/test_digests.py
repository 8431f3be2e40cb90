"""The library, the packer and the entrypoint support the same digests."""

import hashlib
import re
import subprocess

import pyarrow as pa
import pytest

from datacontainer.catalog.digests import DIGEST_BYTES
from tools.entrypoint import one_line

CONTENT = b"123456789"


def listed(message: str) -> list[str]:
    """Returns the names of digests in an error message about an unknown digest."""
    (names,) = re.findall(r'unknown digest "sha3": the digests are ([^;\n]*)', message)
    return names.split(", ")


def catalog(folder, **digests: str) -> pa.Table:
    """Writes a file; returns its catalog, with these digests in addition to sha256."""
    (folder / "n").write_bytes(CONTENT)
    columns = {"path": ["n"], "size": [len(CONTENT)], "sha256": [hashlib.sha256(CONTENT).hexdigest()]}
    return pa.table(columns | {name: [digest] for name, digest in digests.items()})


@pytest.fixture
def data(short_folder):
    """The folder of an image's files."""
    folder = short_folder / "digests"
    folder.mkdir(exist_ok=True)
    return folder


def test_digests_of_packer_and_entrypoint_are_those_of_the_library(packer, entrypoint, data, monkeypatch):
    command = [packer, "hash", "--root", "x", "--mount", "x", "--digests", "sha3", "list", "records", "-"]
    by_packer = subprocess.run(command, stderr=-1, text=True, check=False).stderr
    expected = list(DIGEST_BYTES)
    monkeypatch.setitem(DIGEST_BYTES, "sha3", 32)
    program = entrypoint(catalog(data, sha3="00" * 32), mount=str(data))
    by_entrypoint = one_line(program.run("-verify", status=1).stderr)
    assert listed(by_packer) == listed(by_entrypoint) == expected
