"""Scan: what is listed, in which order, and what is refused."""

import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.errors import DataError
from datacontainer.scan import fingerprint, read_shards, scan
from datacontainer.shardlist import Record, read_records
from trees import fill, names


def listed(dataset: Path, *exclude: str) -> list[Record]:
    lists, table = dataset.parent / "lists", dataset.parent / "shards.tsv"
    scan(str(dataset), exclude, lists, table)
    return [record for shard in read_shards(table) for record in read_records(lists / f"{shard}.list")]


def paths(dataset: Path, *exclude: str) -> list[bytes]:
    return [record.path for record in listed(dataset, *exclude)]


def test_scan_records_hold_what_lstat_says(dataset):
    file = dataset / "a.txt"
    file.write_bytes(b"12345")
    file.chmod(0o754)
    (record,) = listed(dataset)
    status = file.lstat()
    assert record == Record(
        path=b"a.txt",
        kind=b"f",
        mode=0o754,
        size=5,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        inode=status.st_ino,
        target=b"",
    )


def test_scan_order_is_that_of_the_whole_paths_bytes(dataset):
    fill(dataset, {b"a/b": b"", b"a-b": b"", b"a.b": b"", b"a0": b"", b"a/b.c/d": b"", "ä".encode(): b""})
    assert paths(dataset) == [b"a-b", b"a.b", b"a/b", b"a/b.c/d", b"a0", "ä".encode()]


@given(tree=st.dictionaries(names, st.binary(max_size=20), max_size=12))
def test_scan_any_names_are_those_that_find_prints(tree, tmp_path_factory):
    dataset = tmp_path_factory.mktemp("any") / "dataset"
    fill(dataset, tree)
    found = subprocess.run(
        ["find", dataset, "-mindepth", "1", "-not", "-type", "d", "-printf", "%P\\0"], capture_output=True, check=True
    )
    assert paths(dataset) == sorted(found.stdout.split(b"\0")[:-1])


def test_scan_empty_folder_is_listed_and_a_filled_one_is_not(dataset):
    (dataset / "full").mkdir()
    (dataset / "full/file").touch()
    (dataset / "void/deep").mkdir(parents=True)
    assert [(r.kind, r.path) for r in listed(dataset)] == [(b"f", b"full/file"), (b"d", b"void/deep")]


def test_scan_empty_dataset_gives_one_empty_shard(dataset):
    assert listed(dataset) == []
    assert len(read_shards(dataset.parent / "shards.tsv")) == 1


def test_scan_excluded_patterns_work_as_in_gitignore(dataset):
    fill(dataset, dict.fromkeys([b"a.tmp", b"keep.tmp", b"logs/x", b"sub/logs", b"sub/a.tmp"], b""))
    (dataset / ".datacontainerignore").write_text("# comment\n/logs/\n")
    kept = paths(dataset, "*.tmp", "!keep.tmp")
    assert kept == [b".datacontainerignore", b"keep.tmp", b"sub/logs"]


def test_scan_snakemake_timestamp_is_left_out(dataset):
    (dataset / ".snakemake_timestamp").touch()
    assert listed(dataset) == []


def test_scan_links_inside_are_kept_with_their_target(dataset):
    fill(dataset, {b"sub/a": b"x"})
    (dataset / "sub/up").symlink_to("../sub/a")
    (dataset / "dangling").symlink_to("missing")
    assert [(r.path, r.target, r.size) for r in listed(dataset) if r.kind == b"l"] == [
        (b"dangling", b"missing", 7),
        (b"sub/up", b"../sub/a", 8),
    ]


def test_scan_offenders_are_all_named_with_the_key_to_change(dataset):
    os.mkfifo(dataset / "pipe")
    (dataset / ".wh.x").touch()
    (dataset / "absolute").symlink_to("/etc/passwd")
    (dataset / "outside").symlink_to("../other")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(dataset / "socket"))
        with pytest.raises(DataError) as caught:
            listed(dataset)
    text = str(caught.value)
    assert "'.wh.x' has a name that an image layer takes for the removal of a file" in text
    assert "'absolute' is a link to the absolute path '/etc/passwd'" in text
    assert "'outside' is a link that leaves the dataset: '../other'" in text
    assert "'pipe' is a fifo; 'socket' is a socket" in text
    assert text.endswith("remove them, or leave them out with `exclude`")
    assert listed(dataset, "pipe", ".wh.*", "absolute", "outside", "socket") == []


def test_scan_link_that_leaves_through_another_link_is_refused(dataset):
    (dataset / "deep").mkdir()
    (dataset / "deep/hop").symlink_to("../near")
    (dataset / "near").mkdir()
    (dataset / "near/x").touch()
    (dataset / "sly").symlink_to("deep/hop/../../x")
    with pytest.raises(DataError, match="'sly' is a link that leaves the dataset"):
        listed(dataset)


def test_scan_more_offenders_than_fit_are_counted(dataset):
    for i in range(25):
        os.mkfifo(dataset / f"pipe{i:02}")
    with pytest.raises(DataError, match="and 5 more, all in the log"):
        listed(dataset)


def test_scan_folder_that_cannot_be_listed_is_an_offender(dataset, monkeypatch):
    (dataset / "locked").mkdir()
    real = os.scandir

    def scandir(path):
        if path.endswith(b"locked/"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(DataError, match=r"'locked/' cannot be listed \(Permission denied\)"):
        listed(dataset)


def test_scan_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=r"the dataset '.*/none' is not a folder: correct its `path`"):
        scan(str(tmp_path / "none"), [], tmp_path / "lists", tmp_path / "table")


def test_scan_same_tree_gives_the_same_lists(dataset):
    fill(dataset, {b"a": b"1", b"b/c": b"2"})
    listed(dataset)
    first = {path.name: path.read_bytes() for path in (dataset.parent / "lists").iterdir()}
    listed(dataset)
    assert {path.name: path.read_bytes() for path in (dataset.parent / "lists").iterdir()} == first


@pytest.mark.parametrize("change", ["content", "time", "mode", "new", "gone", "link"])
def test_fingerprint_any_change_is_seen(dataset, change):
    fill(dataset, {b"a": b"1", b"b/c": b"2"})
    (dataset / "l").symlink_to("a")
    before = fingerprint(str(dataset), [])
    assert before == fingerprint(str(dataset), [])
    file = dataset / "b/c"
    if change == "content":
        status = file.stat()
        file.write_bytes(b"3")
        os.utime(file, ns=(status.st_mtime_ns, status.st_mtime_ns))
    elif change == "time":
        os.utime(file, (1, 1))
    elif change == "mode":
        file.chmod(stat.S_IRWXU)
    elif change == "new":
        (dataset / "new").mkdir()
    elif change == "gone":
        file.unlink()
    else:
        (dataset / "l").unlink()
        (dataset / "l").symlink_to("b")
    assert fingerprint(str(dataset), []) != before


def test_fingerprint_excluded_file_does_not_count(dataset):
    before = fingerprint(str(dataset), ["*.tmp"])
    (dataset / "x.tmp").touch()
    assert fingerprint(str(dataset), ["*.tmp"]) == before


def test_fingerprint_missing_folder_is_none(tmp_path):
    assert fingerprint(str(tmp_path / "none"), []) is None
