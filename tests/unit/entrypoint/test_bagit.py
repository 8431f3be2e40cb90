"""-export -bagit: bags that the bagit library and sha256sum validate, also with hostile names."""

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from unicodedata import normalize

import bagit
import pyarrow as pa
import pytest

from tools.engines import Tool
from tools.trees import ODD_NAMES, Link, make

# bagit 1.9 strips spaces at the end, ends a line at more characters than CR and LF, and does not decode %25.
UNREADABLE = re.compile(r"\s$|[\v\f\x1c-\x1e\x85\u2028\u2029]|%")
ALGORITHMS = ("sha256", "sha512", "sha1", "md5")


@pytest.fixture
def program(entrypoint, tmp_path) -> Callable[..., Tool]:
    """Fills a dataset with a tree; returns the program with its catalog, with these digests."""

    def run(tree: dict[bytes, bytes | Link | None], digests: tuple[str, ...] = ("sha256",)) -> Tool:
        data = tmp_path / "bagged"
        make(data, tree)
        rows = {path: node for path, node in sorted(tree.items()) if node is not None}
        contents = [node.target if isinstance(node, Link) else node for node in rows.values()]
        columns = {name: [hashlib.new(name, content).hexdigest() for content in contents] for name in digests}
        links = [os.fsdecode(node.target) if isinstance(node, Link) else None for node in rows.values()]
        return entrypoint(
            pa.table(
                {
                    "path": pa.array(list(rows), pa.binary()),
                    "size": pa.array([len(content) for content in contents], pa.int64()),
                    **columns,
                    "link": pa.array(links, pa.string()),
                }
            ),
            mount=str(data),
        )

    return run


def manifest(bag: Path, name: str = "manifest-sha256.txt") -> dict[bytes, bytes]:
    """The digests in a manifest by the decoded path, as RFC 8493 defines it."""
    lines = (bag / name).read_bytes().split(b"\n")[:-1]
    found = dict(line.split(b"  ", 1)[::-1] for line in lines)
    decode = {b"%0D": b"\r", b"%0A": b"\n", b"%25": b"%"}
    return {re.sub(b"%..", lambda code: decode[code[0]], path): digest for path, digest in found.items()}


def payload(bag: Path) -> dict[bytes, bytes]:
    """The sha256 of each file in data/, as sha256sum prints it."""
    command = ["find", "data", "-type", "f", "-exec", "sha256sum", "-z", "{}", ";"]
    done = subprocess.run(command, cwd=bag, capture_output=True, check=True)
    return dict(line.split(b"  ", 1)[::-1] for line in done.stdout.split(b"\0")[:-1])


def test_export_bagit_readable_names_give_a_bag_that_bagit_and_sha256sum_validate(program, tmp_path, monkeypatch):
    readable = [name for name in ODD_NAMES if b"\xff" not in name and not UNREADABLE.search(name.decode())]
    # Of names that differ only in their Unicode form, bagit finds the one that the file system lists last.
    forms = {normalize("NFC", name.decode()): name for name in readable}
    files = {name: b"<%b>" % name for name in [*forms.values(), b"sub/a", b"sub/deep/b", b"sub/deep/\r\n", b"empty"]}
    tool = program(files, ALGORITHMS)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    tool.run("-export", tmp_path / "bag", "-bagit")
    bag = bagit.Bag(str(tmp_path / "bag"))
    bag.validate()
    assert sorted(bag.algorithms) == sorted(ALGORITHMS)
    assert bag.info == {
        "Internal-Sender-Identifier": "fruit:1.0",
        "Bagging-Date": "1970-01-02",
        "Bag-Software-Agent": bag.info["Bag-Software-Agent"],
        "Payload-Oxum": f"{sum(map(len, files.values()))}.{len(files)}",
    }
    assert bag.info["Bag-Software-Agent"].startswith("datacontainer ")
    assert manifest(tmp_path / "bag") == payload(tmp_path / "bag")
    for name in (*(f"manifest-{one}.txt" for one in ALGORITHMS), "tagmanifest-sha256.txt"):
        # sha256sum does not decode %0A.
        plain = [line for line in (tmp_path / "bag" / name).read_bytes().split(b"\n") if b"%" not in line]
        assert len(plain) > len(ALGORITHMS)
        command = [name.split("-")[1].replace(".txt", "sum"), "--check", "--strict", "--quiet"]
        assert subprocess.run(command, input=b"\n".join(plain), cwd=tmp_path / "bag", check=False).returncode == 0
    again = {path: path.read_bytes() for path in (tmp_path / "bag").iterdir() if path.is_file()}
    assert b"already existed" in tool.run("-export", tmp_path / "bag", "-bagit").stdout
    assert {path: path.read_bytes() for path in (tmp_path / "bag").iterdir() if path.is_file()} == again


def test_export_bagit_what_a_bag_cannot_hold_is_listed(program, tmp_path):
    names = [name for name in ODD_NAMES if b"\xff" not in name]
    tree = {name: name for name in names} | {b"bad\xff": b"1", b"link": Link(b"a/b"), b"void": None, b"100%.txt": b"x"}
    tool = program(tree)
    done = tool.run("-export", tmp_path / "bag", "-bagit", status=1)
    mount = tmp_path / "bagged"
    lines = done.stdout.decode().splitlines()
    assert lines[0] == f'"{mount}/bad\\xff": is not exported: a bag contains only names in UTF-8'
    assert lines[1] == f'a bag cannot hold 3 paths: see "{tmp_path}/bag/metadata/left-out.jsonl"'
    assert lines[2].startswith(f"exported {len(names) + 1} files, ")
    assert b"skipped 1 path that a bag or the file system of " in done.stderr
    assert manifest(tmp_path / "bag") == payload(tmp_path / "bag")
    assert b"  data/100%25.txt\n" in (tmp_path / "bag/manifest-sha256.txt").read_bytes()
    listed = (tmp_path / "bag/metadata/left-out.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in listed] == [
        {"path": f"{mount}/bad\udcff", "type": "file", "reason": "a bag contains only names in UTF-8"},
        {"path": f"{mount}/link", "type": "symlink", "target": "a/b"},
        {"path": f"{mount}/void", "type": "empty folder"},
    ]
    assert set(manifest(tmp_path / "bag", "tagmanifest-sha256.txt")) == {
        *(b"bag-info.txt", b"bagit.txt", b"manifest-sha256.txt", b"metadata/left-out.jsonl")
    }


def test_export_bagit_that_cannot_write_a_manifest_fails(program, tmp_path):
    tool = program({b"a": b"1"})
    (tmp_path / "bag/manifest-sha256.txt").mkdir(parents=True)
    done = tool.run("-export", tmp_path / "bag", "-bagit", status=1)
    assert b"manifest-sha256.txt" in done.stderr
    assert not (tmp_path / "bag/bagit.txt").exists()


def test_export_bagit_selection_is_a_bag_and_another_selection_needs_its_own_folder(program, tmp_path):
    tool = program({b"a.txt": b"1", b"b.txt": b"2", b"c": b"3", b"void": None})
    tool.run("-where", 'suffix = ".txt"', "-export", tmp_path / "bag", "-bagit")
    bagit.Bag(str(tmp_path / "bag")).validate()
    assert set(manifest(tmp_path / "bag")) == {b"data/a.txt", b"data/b.txt"}
    done = tool.run("-where", 'name = "c"', "-export", tmp_path / "bag", "-bagit", status=1)
    assert b"contains 2 files that this command does not export" in done.stderr
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path / "bag")).validate()
    tool.run("-limit", "0", "-export", tmp_path / "none", "-bagit", status=0)
    bagit.Bag(str(tmp_path / "none")).validate()
