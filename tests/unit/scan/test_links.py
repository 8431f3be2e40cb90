"""Symlinks: the policies keep, follow and refuse, tested in the list, in the layer and in the next run."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from datacontainer.config.results import Results
from datacontainer.hash.hash import hash_shards
from datacontainer.hash.shard import Job
from datacontainer.runtime.errors import DataError
from datacontainer.scan.records import Record, read_records
from datacontainer.scan.scan import fingerprint, read_shards, scan
from tools.trees import Link, make

Listed = Callable[..., list[Record]]


@pytest.fixture
def listed(packer, dataset) -> Listed:
    """Scans the dataset with a policy and returns the records of the only shard."""

    def run(symlinks: str, *exclude: str) -> list[Record]:
        results = Results(dataset.parent)
        results.lists.parent.mkdir(parents=True, exist_ok=True)
        scan(str(dataset), exclude, results.lists, results.shards, symlinks=symlinks, packer=packer)
        (name,) = read_shards(results.shards)
        return list(read_records(results.list_of(name)))

    return run


def make_links(dataset: Path) -> None:
    """Fills a dataset with links of all kinds, and the folders next to it that these links point to."""
    make(dataset.parent / "other", {b"file": b"outside", b"deep/er/x": b"x", b"void": None, b"deep/up": Link(b"er/x")})
    (dataset.parent / "other/run").write_bytes(b"#!")
    (dataset.parent / "other/run").chmod(0o755)
    make(dataset.parent / "other", {b"deep/out": Link(b"../file"), b"deep/root": Link(b"../../third")})
    make(dataset.parent / "third", {b"t": b"third"})
    make(dataset, {b"a": b"inside", b"sub/b": b"", b"left/c": b"left out", b"near": Link(b"sub/b")})
    make(dataset, {b"sub/f": Link(b"../../other/file"), b"sub/run": Link(os.fsencode(dataset.parent / "other/run"))})
    make(dataset, {b"d": Link(b"../other/deep"), b"l": Link(b"left/c"), b"v": Link(b"../other/void")})


def test_scan_followed_links_give_the_same_tree_as_cp(dataset, listed, packer):
    make_links(dataset)
    found = listed("follow", "/left/")
    assert [(r.path, r.kind, r.size) for r in found] == [
        (b"a", b"f", 6),
        (b"d/er/x", b"f", 1),
        (b"d/out", b"f", 7),
        (b"d/root/t", b"f", 5),
        (b"d/up", b"l", 4),
        (b"l", b"f", 8),
        (b"near", b"l", 5),
        (b"sub/b", b"f", 0),
        (b"sub/f", b"f", 7),
        (b"sub/run", b"f", 2),
        (b"v", b"d", 0),
    ]
    layer = hashed(packer, dataset)
    unpacked = dataset.parent / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "-xf", layer, "-C", unpacked], check=True)
    # Both sides have all links followed.
    copied = dataset.parent / "copied"
    subprocess.run(["cp", "-rL", dataset, copied], check=True)
    subprocess.run(["rm", "-r", copied / "left"], check=True)
    subprocess.run(["diff", "-r", copied, unpacked / "data"], check=True)
    assert os.readlink(unpacked / "data/near") == "sub/b"
    assert os.readlink(unpacked / "data/d/up") == "er/x"
    assert (unpacked / "data/sub/run").stat().st_mode & 0o777 == 0o755


def test_scan_link_that_a_pattern_for_folders_names_is_not_excluded(dataset, listed):
    make(dataset, {b"folder/a": b"", b"link": Link(b"folder"), b"second": Link(b"link/a")})
    found = listed("refuse", "link/")
    assert [(r.path, r.kind) for r in found] == [(b"folder/a", b"f"), (b"link", b"l"), (b"second", b"l")]


def hashed(packer: Path, dataset: Path) -> Path:
    """Hashes the dataset's only shard and returns its layer."""
    results = Results(dataset.parent)
    hash_shards(
        Job(packer, str(dataset), results, ["sha256"], mount="/data"), read_shards(results.shards), lambda _: None
    )
    return results.layer(*read_shards(results.shards))


def test_scan_broken_or_outside_links_are_refused_with_their_reasons(dataset, listed):
    make_links(dataset)
    make(dataset, {b"gone": Link(b"missing"), b"round": Link(b"round"), b"to file/": Link(b"a/.")})
    with pytest.raises(DataError) as caught:
        listed("refuse", "/left/")
    assert str(caught.value) == "the dataset contains 7 entries that cannot be stored in an image"
    lines = caught.value.details
    causes = [line.partition(": ")[0] for line in lines if not line.startswith("  ")]
    assert causes == [
        "symlink to a path outside of the dataset (3)",
        "symlink to a path that does not exist (1)",
        "symlink to an excluded path (1)",
        "symlink in a loop (1)",
        "symlink to an absolute path (1)",
        "the log lists all 7 entries",
    ]
    assert [line for line in lines if line.startswith("  ")] == [
        "  'd' -> '../other/deep'",
        "  'gone' -> 'missing'",
        "  'l' -> 'left/c'",
        "  'round' -> 'round'",
        f"  'sub/run' -> '{dataset.parent}/other/run'",
    ]
    assert f"--config dataset='{{path: {dataset}, symlinks: follow}}'" in lines[0]


def test_scan_followed_links_in_a_loop_are_refused(dataset, listed):
    make(dataset.parent / "other", {b"x": b"", b"back": Link(b"../other"), b"gone": Link(b"/missing")})
    make(dataset, {b"above": Link(b".."), b"all": Link(b"/"), b"o": Link(b"../other"), b"round": Link(b"round")})
    os.mkfifo(dataset.parent / "other/pipe")
    make(dataset, {b"pipe": Link(b"../other/pipe")})
    with pytest.raises(DataError) as caught:
        listed("follow")
    causes = [line.partition(": ")[0] for line in caught.value.details if not line.startswith("  ")]
    assert causes[:3] == ["symlink in a loop (4)", "symlink to a path that does not exist (1)", "fifo (2)"]
    assert [line for line in caught.value.details if line.startswith("  ")] == [
        "  'above' -> '..'",
        "  'o/gone' -> '/missing'",
        "  'o/pipe'",
        "  'pipe'",
    ]


def test_fingerprint_followed_link_changes_with_its_target(dataset, packer):
    make(dataset.parent, {b"other/x": b"1"})
    make(dataset, {b"o": Link(b"../other"), b"f": Link(b"../other/x")})

    def state() -> str | None:
        return fingerprint(str(dataset), [], packer, "follow")

    before = state()
    assert before == state()
    assert before != fingerprint(str(dataset), [], packer, "keep")
    (dataset.parent / "other/x").write_bytes(b"12")
    assert state() != before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("echo more >> other/x", '"d/x" changed after the scan: its size was 1 bytes and is 6 now'),
        ("rm dataset/f; ln -s ../third dataset/f", '"f" changed after the scan: it was replaced by another file'),
        ("rm dataset/d; mkdir dataset/d", "changed after the scan: it no longer exists"),
        ("rm other/void -r", '"d/void" changed after the scan: it no longer exists'),
        ("mv other/sub moved; ln -s ../moved other/sub", '"d/sub" changed after the scan: it was a folder and'),
    ],
)
def test_hash_shard_changed_target_of_a_followed_link_is_named(dataset, listed, packer, change, message):
    make(dataset.parent, {b"other/x": b"1", b"other/sub/y": b"y", b"other/void": None, b"f": b"f", b"third": b"t"})
    make(dataset, {b"d": Link(b"../other"), b"f": Link(b"../f")})
    os.utime(dataset.parent / "f", (1, 1))
    os.utime(dataset.parent / "third", (1, 1))
    listed("follow")
    subprocess.run(change, shell=True, cwd=dataset.parent, check=True)
    with pytest.raises(DataError) as raised:
        hashed(packer, dataset)
    assert message in str(raised.value)
    assert [path.name for path in (dataset.parent / "stages/hash").iterdir()] == ["known"]
