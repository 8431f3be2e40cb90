"""The list of a dataset: the packer lists the same entries as an implementation in Python, in the documented form."""

import hashlib
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datacontainer.runtime.errors import DataError
from datacontainer.scan.listing import Files, Summary, list_dataset
from datacontainer.scan.records import FILE, read_records
from tools.examples import tried
from tools.trees import Link, fill, make, odd_trees
from tools.walk import FOLLOW, KEEP, LOOP, OUTSIDE, REFUSE, Walk

# Links that leave the dataset, or do not, only if each component of their targets is followed as by the system.
_TARGETS = """near/x missing/../near near/x/. .. /near deep/../.. deep/hop/../x deep/hop/../near/x deep/hop/../../x loop
out/x up/up/near up/../near left/x left/../near left.txt left"""
_LINKS = {"deep/hop": "../near", "loop": "loop/x", "out": "/near", "up": ".", "deep/er/l": "../..//./near"}
_LINKS |= {f"to {number}": target for number, target in enumerate(_TARGETS.split())}
LINKED = dict.fromkeys([b"near/x", b"left/x", b"left.txt", b"deep/er/x"], b"") | {
    os.fsencode(name): Link(os.fsencode(target)) for name, target in _LINKS.items()
}


def write_list(packer: Path, dataset: Path, folder: Path, symlinks: str = REFUSE) -> tuple[Summary, Files]:
    folder.mkdir()
    files = Files.in_folder(folder)
    return list_dataset(packer, str(dataset), [], files, symlinks=symlinks), files


@tried(300)
@given(
    trees=st.tuples(odd_trees, odd_trees),
    patterns=st.lists(st.sampled_from(["*.tmp", "/a", "!a", ".*", "b/", "ab", "!b/"]), max_size=2),
    defaults=st.sampled_from([(), (), ("ab", "b/", "*.tmp")]),
    symlinks=st.sampled_from([KEEP, FOLLOW, REFUSE]),
)
@example(trees=(LINKED, {}), patterns=["!b/", "/left"], defaults=("left.txt",), symlinks=REFUSE)
@example(trees=(LINKED, {}), patterns=[], defaults=("left", "left.txt"), symlinks=FOLLOW)
def test_list_dataset_any_tree_gives_the_same_entries_as_in_python(
    trees, patterns, defaults, *, symlinks, packer, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("list")
    # The folders are named a and b because link targets in odd_trees contain these names.
    dataset, other = folder / "a", folder / "b"
    for root, tree in zip((dataset, other), trees, strict=True):
        root.mkdir()
        make(root, tree)
    files = Files.in_folder(folder)
    summary = list_dataset(packer, str(dataset), patterns, files, defaults=defaults, symlinks=symlinks)
    walk = Walk(bytes(dataset), [*defaults, *patterns], symlinks, len(defaults))
    assert list(read_records(files.records)) == walk.records
    assert list(files.read_refused()) == walk.refused
    sizes = [record.size for record in walk.records if record.kind == FILE]
    assert summary[:4] == (len(walk.records), len(sizes), sum(sizes), len(walk.refused))
    assert summary.left_out == walk.left_out
    again = list_dataset(packer, str(dataset), patterns, None, defaults=defaults, symlinks=symlinks)
    assert summary[:5] == again[:5]


def test_list_dataset_folder_read_in_several_pieces_is_complete_and_sorted(dataset, packer, tmp_path):
    # The packer reads 512 names at a time.
    paths = [b"big/%06d" % i for i in range(1025)] + [b"big/%06d-/x" % i for i in range(0, 1024, 9)]
    fill(dataset, dict.fromkeys(paths, b""))
    summary, files = write_list(packer, dataset, tmp_path / "packer")
    assert summary.files == summary.records == len(paths)
    assert [record.path for record in read_records(files.records)] == sorted(paths)


def test_list_dataset_link_chain_has_the_length_limit_of_linux(dataset, packer, tmp_path):
    make(dataset, {b"near/x": b"", b"deep/hop": Link(b"../near"), b"out": Link(b"deep/hop/../../x")})
    make(dataset, {b"%02d" % i: Link(b"%02d" % (i + 1)) for i in range(49)} | {b"49": Link(b"out")})
    make(dataset, {b"loop": Link(b"loop"), b"inside": Link(b"loop/../near"), b"up": Link(b"near/../..")})
    _, files = write_list(packer, dataset, tmp_path / "files")
    # Linux follows 40 links: from 11 on, these are the links up to 49, out and hop.
    assert [(refused.path, refused.reason) for refused in files.read_refused()] == [
        *((b"%02d" % i, LOOP) for i in range(11)),
        *((b"%02d" % i, OUTSIDE) for i in range(11, 50)),
        (b"inside", LOOP),
        (b"loop", LOOP),
        (b"out", OUTSIDE),
        (b"up", OUTSIDE),
    ]


def test_list_dataset_files_and_digest_have_the_documented_bytes(dataset, packer, tmp_path):
    make(dataset, {b"a": b"12345", b".wh.b": b"", b"void": None, b"l": Link(b"/etc")})
    summary, files = write_list(packer, dataset, tmp_path / "files")
    assert files.refused.read_bytes() == (
        b".wh.b\0has a name with the prefix .wh., which deletes a file in an image layer\0\0"
        b"l\0is a symlink to the absolute path\0/etc\0"
    )
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in (files.records, files.refused)]
    assert summary[:5] == (4, 2, 5, 2, hashlib.sha256(b"".join(digests)).hexdigest())
    columns, records = files.read_columns(), list(read_records(files.records))
    assert [record.path for record in records] == [b".wh.b", b"a", b"l", b"void"]
    assert columns["end"].tolist() == np.cumsum([len(record.encode()) for record in records]).tolist()
    assert columns["size"].tolist() == [0, 5, 4, 0]
    printed = subprocess.run(["sha256sum"], input=b"void", capture_output=True, check=True).stdout
    assert columns["chance"][3] == int(printed[:16], 16)


def test_list_dataset_missing_folder_is_named_in_one_line(packer, tmp_path):
    with pytest.raises(DataError, match=r'^opening the dataset ".*/none": no such file or directory$'):
        list_dataset(packer, str(tmp_path / "none"), [], None)
