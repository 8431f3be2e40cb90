"""Scan: the listed paths, their order, and the refused entries."""

import hashlib
import logging
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from datacontainer.config.dataset import NO_DATA
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.resources import BATCH_MINUTES, START_MINUTES, runtime_minutes, size_of
from datacontainer.scan.listing import REFUSE
from datacontainer.scan.records import Record, read_records
from datacontainer.scan.refused import Refused, raise_refused
from datacontainer.scan.scan import fingerprint, read_shards, scan
from datacontainer.scan.sharding import MIN_SHARD, Limits
from tools.engines import lacking, require_tool
from tools.trees import Link, fill, make
from tools.workflow import ROOT

Listed = Callable[..., list[Record]]


@pytest.fixture
def listed(packer) -> Listed:
    """Scans a dataset and returns the records of all shards."""

    def run(dataset: Path, *exclude: str, symlinks: str = REFUSE, defaults: tuple[str, ...] = ()) -> list[Record]:
        lists, table = dataset.parent / "lists", dataset.parent / "shards.tsv"
        scan(str(dataset), exclude, lists, table, packer=packer, symlinks=symlinks, defaults=defaults)
        return [record for shard in read_shards(table) for record in read_records(lists / f"{shard}.list")]

    return run


@pytest.fixture
def paths(listed) -> Callable[..., list[bytes]]:
    """Scans a dataset and returns the paths."""
    return lambda dataset, *exclude: [record.path for record in listed(dataset, *exclude)]


@pytest.fixture
def state(packer) -> Callable[..., str | None]:
    """Returns the fingerprint of a dataset."""
    return lambda dataset, *exclude: fingerprint(str(dataset), exclude, packer)


def test_scan_empty_dataset_gives_one_empty_shard(dataset, listed):
    assert listed(dataset) == []
    assert len(read_shards(dataset.parent / "shards.tsv")) == 1


def test_scan_refused_entries_are_grouped_with_the_key_to_change(dataset, listed):
    os.mkfifo(dataset / "pipe")
    (dataset / ".wh.x").touch()
    (dataset / "absolute").symlink_to("/etc/passwd")
    (dataset / "outside").symlink_to("../other")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(dataset / "socket"))
        with pytest.raises(DataError) as caught:
            listed(dataset)
    follow = (
        "store the files behind the symlinks with `symlinks: follow`, or the symlinks with `symlinks: keep`, as in "
        f"--set symlinks=follow or --config dataset='{{path: {dataset}, symlinks: follow}}'"
    )
    assert caught.value.details == (
        "name with the prefix .wh., which deletes a file in an image layer (1): rename the entries, or use `exclude`",
        "  '.wh.x'",
        f"symlink to an absolute path (1): {follow}",
        "  'absolute' -> '/etc/passwd'",
        f"symlink to a path outside of the dataset (1): {follow}",
        "  'outside' -> '../other'",
        "fifo (1): delete the entries, or use `exclude`",
        "  'pipe'",
        "socket (1): delete the entries, or use `exclude`",
        "  'socket'",
    )
    assert listed(dataset, "pipe", ".wh.*", "absolute", "outside", "socket") == []


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("No such file or directory", "another process changed them during the scan: end it, and run snakemake again"),
        ("Input/output error", "repair the file system, or use `exclude`"),
    ],
)
def test_raise_refused_entry_with_a_system_error_has_the_remedy_for_it(error, remedy):
    with pytest.raises(DataError) as caught:
        raise_refused([Refused(b"sub/", b"cannot be listed (%b)" % error.encode())], "data")
    assert caught.value.details == (f"entry that cannot be listed ({error}) (1): {remedy}", "  'sub/'")
    assert str(caught.value) == "the dataset contains an entry that cannot be stored in an image"


def test_fingerprint_on_fuse_does_not_depend_on_inode_numbers(dataset, state, tmp_path):
    fill(dataset, {b"a": b"1", b"b": b"2"})
    image, point, found = tmp_path / "image", tmp_path / "point", []
    point.mkdir()
    subprocess.run([require_tool("mksquashfs"), dataset, image, "-quiet", "-no-progress"], check=True)
    for first in "ab":
        # squashfuse numbers the files in the order of their first use.
        if subprocess.run([require_tool("squashfuse"), image, point], check=False).returncode != 0:
            lacking("squashfuse cannot mount here")
        try:
            (point / first).stat()
            found.append((state(point), (point / "a").stat().st_ino))
        finally:
            subprocess.run([require_tool("fusermount3"), "-u", point], check=True)
    assert found[0][0] == found[1][0]
    assert found[0][1] != found[1][1]


def test_scan_more_refused_entries_than_fit_are_counted_and_logged(dataset, listed, caplog):
    caplog.set_level(logging.ERROR, logger="datacontainer")
    for i in range(25):
        os.mkfifo(dataset / f"pipe{i:02}")
    with pytest.raises(DataError) as caught:
        listed(dataset)
    first = [f"  'pipe{i:02}'" for i in range(5)]
    remedy = "delete the entries, or use `exclude`"
    assert list(caught.value.details) == [f"fifo (25): {remedy}", *first, "the log lists all 25 entries"]
    assert caplog.messages == [f"refused: 'pipe{i:02}' is a fifo" for i in range(25)]


def test_scan_symlinks_of_git_annex_without_content_are_one_group_with_the_command_that_gets_it(dataset, listed):
    (dataset / "sub").mkdir()
    for i in range(80):
        (dataset / f"sub/{i:02}").symlink_to(f"../.git/annex/objects/k{i}")
    with pytest.raises(DataError) as caught:
        listed(dataset)
    cause, *names, last = caught.value.details
    assert cause == (
        f"symlink into .git/annex without content (80): run `datalad get .` or `git annex get .` in {str(dataset)!r}"
    )
    assert names == [f"  'sub/{i:02}' -> '../.git/annex/objects/k{i}'" for i in range(5)]
    assert last == "the log lists all 80 entries"
    with pytest.raises(DataError) as caught:
        listed(dataset / "sub")
    assert caught.value.details[0].startswith("symlink into .git/annex without content (80): run `datalad get .`")


def test_scan_entries_that_are_no_data_are_left_out_and_counted(dataset, listed, capsys):
    left_out = (
        b".git/config a/.git a/.hg/x .svn/x .datalad/config .snakemake/log a/__pycache__/a.pyc a/.DS_Store ._a.txt"
    )
    left_out += b" b/.ipynb_checkpoints/a .DS_Store Thumbs.db a/desktop.ini .Trash-1000/a .nfs000000000123"
    kept = [b".gitattributes", b".gitmodules", b".nfs", b"a.git/x", b"a/.bidsignore", b"b/git"]
    fill(dataset, dict.fromkeys([*left_out.split(), *kept], b"1"))
    found = listed(dataset, defaults=NO_DATA)
    assert [record.path for record in found] == kept
    assert capsys.readouterr().err == (
        "note: left out, as they are no data: 2 .git, 1 .hg, 1 .svn, 1 .datalad, 1 .snakemake, 1 __pycache__, "
        "1 .ipynb_checkpoints, 2 .DS_Store, 1 ._*, 1 Thumbs.db, 1 desktop.ini, 1 .Trash-*, 1 .nfs0*; "
        "exclude_defaults: false packs them\n"
    )
    (dataset / ".datacontainerignore").write_text("!.DS_Store\n")
    again = [record.path for record in listed(dataset, "!.svn", defaults=NO_DATA)]
    assert set(again) - {record.path for record in found} == {
        *(b".DS_Store", b"a/.DS_Store", b".datacontainerignore", b".svn/x")
    }
    assert "1 .hg, 1 .datalad" in capsys.readouterr().err


def test_fingerprint_left_out_entries_change_nothing(dataset, state, packer):
    fill(dataset, {b"a": b"1"})
    before = state(dataset)
    fill(dataset, {b".git/config": b"1", b"sub/__pycache__/a.pyc": b"1"})
    (dataset / "sub").rename(dataset / ".snakemake")
    assert fingerprint(str(dataset), [], packer, defaults=NO_DATA) == before != state(dataset)


def test_scan_content_of_git_annex_replaces_its_symlinks(dataset, listed):
    objects = ".git/annex/objects/x/key"
    make(dataset, {objects.encode(): b"content", b"sub/file": Link(b"../.git/annex/objects/x/key")})
    make(dataset, {b"module/file": Link(b".git/annex/objects/y"), b"module/.git": Link(b"../.git/modules/module")})
    make(dataset, {b".git/modules/module/annex/objects/y": b"other"})
    found = [(r.path, r.kind, r.size, r.through) for r in listed(dataset, defaults=NO_DATA)]
    assert found == [(b"module/file", b"f", 5, 11), (b"sub/file", b"f", 7, 8)]
    # The user's own pattern does not replace symlinks, and a symlink to a folder is refused.
    for exclude, target in (("/.git/",), "objects"), ((), ".git/annex"):
        (dataset / "link").unlink(missing_ok=True)
        (dataset / "link").symlink_to(objects if exclude else target)
        with pytest.raises(DataError) as caught:
            listed(dataset, *exclude, defaults=NO_DATA)
        assert "store the files behind the symlinks with `symlinks: follow`" in caught.value.details[0]
    (dataset / "link").unlink()
    (dataset / objects).unlink()
    with pytest.raises(DataError) as caught:
        listed(dataset, defaults=NO_DATA)
    assert caught.value.details[0].startswith("symlink into .git/annex without content (1): run `datalad get .`")


@pytest.mark.parametrize("exclude", [(), (".git/",)])
def test_scan_kept_symlinks_that_lead_nowhere_are_counted_in_a_warning(dataset, listed, capsys, exclude):
    fill(dataset, {b".git/annex/objects/k1": b"1", b"a": b"1"})
    for name, target in {"b": "a", "c": "/etc", "sub": ".git/annex/objects/k1", "z": ".git/annex/objects/k2"}.items():
        (dataset / name).symlink_to(target)
    (dataset / "loop").symlink_to("loop")
    listed(dataset, *exclude, symlinks="keep")
    annex = 1 + len(exclude)
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"warning: `symlinks: keep` stores dangling symlinks: {annex + 1} ({annex} of git-annex), first "
        f"'loop'; run `datalad get .` or `git annex get .` in {str(dataset)!r} and set symlinks: follow"
    )


def test_scan_folder_or_file_that_cannot_be_read_is_refused(dataset, packer):
    fill(dataset, {b"locked/a": b"", b"open": b"", b"secret": b"", b"unreadable/b": b""})
    (dataset / "secret").chmod(0o200)
    (dataset / "locked").chmod(0o444)
    (dataset / "unreadable").chmod(0o000)
    script = (
        "import sys\nfrom pathlib import Path\nfrom datacontainer.scan.scan import scan\n"
        "try:\n    scan(sys.argv[1], [], Path('lists'), Path('table'), packer=Path(sys.argv[2]))\n"
        "except Exception as error:\n    print(*error.details, sep='\\n')"
    )
    command = [sys.executable, "-c", script, dataset, packer]
    if os.getuid() == 0:
        command = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *command]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}
    done = subprocess.run(command, cwd=dataset.parent, env=environment, capture_output=True, text=True, check=False)
    remedy = "give read permission with `chmod`, or use `exclude`"
    assert done.stdout.splitlines() == [
        f"entry that cannot be accessed (Permission denied) (1): {remedy}",
        "  'locked/a'",
        f"entry that cannot be read (Permission denied) (1): {remedy}",
        "  'secret'",
        f"entry that cannot be listed (Permission denied) (1): {remedy}",
        "  'unreadable/'",
    ]


def test_scan_deep_folders_and_long_paths_are_listed(dataset, paths):
    names = [b"deep"] * 700
    folder = os.open(dataset, os.O_DIRECTORY)
    for name in names:
        os.mkdir(name, dir_fd=folder)
        folder, above = os.open(name, os.O_DIRECTORY, dir_fd=folder), folder
        os.close(above)
    os.close(os.open(b"file", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    assert paths(dataset) == [b"/".join([*names, b"file"])]


def test_scan_several_shards_contain_all_files_in_order(dataset, listed):
    fill(dataset, {b"%02d/%05d" % (i % 7, i): b"" for i in range(2 * MIN_SHARD.files)})
    found = [record.path for record in listed(dataset)]
    assert found == sorted(b"%02d/%05d" % (i % 7, i) for i in range(2 * MIN_SHARD.files))
    table = (dataset.parent / "shards.tsv").read_text()
    lists = {path.name: path.read_bytes() for path in (dataset.parent / "lists").iterdir()}
    assert len(lists) > 1
    for line in table.splitlines():
        name, files, _, batch = line.split("\t")
        assert batch == "batch-0"
        content = lists.pop(f"{name}.list")
        assert (hashlib.sha256(content).hexdigest()[:20], content.count(b"\0") // 3) == (name, int(files))
    assert not lists


@pytest.mark.parametrize(
    ("table", "rule", "minimum", "expected"),
    [
        (None, None, None, "2"),
        # A version without rules wrote this table.
        ("0123\t3\t99\n", None, None, "1"),
        ("0123\t3\t99\tbatch-0\n", "1", None, "1"),
        ("0123\t3\t99\tbatch-0\n", "1", MIN_SHARD, "2"),
        ("0123\t3\t99\tbatch-0\n", "damaged", None, "2"),
        ("", None, None, "2"),
    ],
)
def test_scan_cuts_by_the_rule_of_the_results(dataset, packer, *, table, rule, minimum, expected):
    fill(dataset, {b"%d" % i: bytes(700_000) for i in range(4)})
    lists = dataset.parent / "lists"
    for name, content in (("shards.tsv", table), ("rule", rule)):
        if content is not None:
            (dataset.parent / name).write_text(content)
    for _ in range(2):
        found = scan(str(dataset), (), lists, dataset.parent / "shards.tsv", packer=packer, minimum=minimum)
        assert len(found) == (4 if expected == "2" and minimum is None else 1)
        assert (dataset.parent / "rule").read_text() == expected


def test_scan_terabyte_in_sparse_files_makes_batches_of_minutes(dataset, packer):
    fill(dataset, {b"%02d" % i: b"" for i in range(40)})
    for file in dataset.iterdir():
        os.truncate(file, 25 << 30)
    table = dataset.parent / "shards.tsv"
    scan(str(dataset), (), dataset.parent / "lists", table, packer=packer, batches=0)
    minutes = {runtime_minutes("hash", size_of(table, [f"batch-{number}"]), 1) for number in range(30)}
    assert min(minutes) > START_MINUTES
    assert max(minutes) <= START_MINUTES + 2 * BATCH_MINUTES


def test_scan_counts_are_in_the_log(dataset, listed, caplog):
    fill(dataset, {b"a": b"12345"})
    (dataset / "void").mkdir()
    caplog.set_level("INFO", "datacontainer")
    listed(dataset)
    assert "1 files, 5 bytes, 2 paths, 1 shards" in caplog.messages


def test_scan_that_fails_leaves_no_temporary_files(dataset, listed):
    os.mkfifo(dataset / "pipe")
    with pytest.raises(DataError):
        listed(dataset)
    assert sorted(path.name for path in dataset.parent.iterdir()) == ["dataset", "lists"]


def test_scan_missing_folder_is_named(tmp_path, packer):
    with pytest.raises(DataError, match=r"the dataset '.*/none' is not a folder: correct its `path`"):
        scan(str(tmp_path / "none"), [], tmp_path / "lists", tmp_path / "table", packer=packer)


@pytest.mark.parametrize("change", ["content", "time", "mode", "new", "gone", "link"])
def test_fingerprint_changes_with_every_change(dataset, change, state):
    fill(dataset, {b"a": b"1", b"b/c": b"2"})
    (dataset / "l").symlink_to("a")
    before = state(dataset)
    assert before == state(dataset)
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
    assert state(dataset) != before


def test_fingerprint_excluded_file_changes_nothing(dataset, state):
    before = state(dataset, "*.tmp")
    (dataset / "x.tmp").touch()
    assert state(dataset, "*.tmp") == before


def test_fingerprint_missing_folder_is_none(tmp_path, state):
    assert state(tmp_path / "none") is None


def test_fingerprint_failing_packer_is_reported(dataset, tmp_path):
    assert "unreadable: " in str(fingerprint(str(dataset), [], tmp_path / "none"))
    (tmp_path / "packer").write_text("#!/bin/sh\necho 'unknown command \"scan\"' >&2\nexit 2\n")
    (tmp_path / "packer").chmod(0o755)
    assert fingerprint(str(dataset), [], tmp_path / "packer") == 'unreadable: unknown command "scan"'


@pytest.mark.parametrize("damage", ["none", "content", "folder", "missing"])
def test_scan_again_keeps_the_files_of_unchanged_lists_and_replaces_others(dataset, packer, damage):
    lists, table = dataset.parent / "lists", dataset.parent / "shards.tsv"

    def run() -> dict[str, bytes]:
        scan(str(dataset), (), lists, table, packer=packer, minimum=Limits(2, 1 << 20))
        return {path.name: path.read_bytes() for path in lists.iterdir()}

    for number in range(60):
        (dataset / f"{number:02}").write_bytes(b"x")
    first = run()
    (lists / "left").write_bytes(b"by another run")
    one, *others = sorted(lists.glob("*.list"))
    inodes = [other.stat().st_ino for other in others]
    if damage == "content":
        one.write_bytes(one.read_bytes()[::-1])
    elif damage != "none":
        one.unlink()
    if damage == "folder":
        one.mkdir()
        (one / "file").touch()
    kept = one.stat().st_ino if damage == "none" else None
    assert len(others) > 3 and run() == first
    assert [other.stat().st_ino for other in others] == inodes
    assert kept is None or one.stat().st_ino == kept
