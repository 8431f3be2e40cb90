"""Fetch: folders that are full, read-only, locked, or have other entries; no registry is needed."""

import errno
import fcntl
import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from datacontainer.command.main import main
from datacontainer.fetch import writer
from datacontainer.fetch.fetch import fetch
from datacontainer.runtime.errors import DataContainerError
from datacontainer.sources.files import read_files
from datacontainer.sources.source import CATALOG, open_source
from tools.engines import Tool, require_tool, small_disk
from tools.images import tree_of
from tools.layouts import container, with_cell
from tools.trees import ODD_NAMES, Link

TREE = {name: name * 9 for name in ODD_NAMES} | {b"sub/one": b"1", b"sub/link": Link(b"../x y"), b"empty": b""}


@pytest.fixture
def got(tmp_path, monkeypatch, capsys):
    """A function that gets everything from a layout; returns standard output, and the error."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(source: Path, target: Path, status: int = 0) -> tuple[str, str]:
        assert main(["get", str(source), "--output", str(target)]) == status
        printed = capsys.readouterr()
        assert printed.err.count("\n") == (status != 0)
        return printed.out, printed.err

    return run


def contents(folder: Path) -> dict[bytes, bytes | Link]:
    """The contents and targets of a folder's files and symlinks."""
    found = {path: entry for path, entry in tree_of(folder).items() if not stat.S_ISDIR(entry.mode)}
    return {path: Link(one.content) if stat.S_ISLNK(one.mode) else one.content for path, one in found.items()}


def test_get_again_keeps_right_files_and_replaces_others(tmp_path, got):
    source, out = container(tmp_path / "layout", TREE), tmp_path / "out"
    count = len(TREE)
    assert got(source, out)[0].startswith(f"fetched {count} files, ")
    assert contents(out) == TREE
    kept = os.stat(out / "sub/one").st_ino
    (out / "empty").write_bytes(b"longer")
    os.rename(out / os.fsdecode(ODD_NAMES[0]), out / "moved")
    (out / "mine").write_bytes(b"not of the dataset")
    (out / "~").chmod(0)
    printed = got(source, out)[0]
    assert f"({count - (2 if os.geteuid() == 0 else 3)} already existed)" in printed
    assert contents(out) == TREE | {b"mine": b"not of the dataset", b"moved": ODD_NAMES[0] * 9}
    assert os.stat(out / "sub/one").st_ino == kept


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: path.symlink_to("elsewhere"), "exists as a symlink, but get writes a file there"),
        (lambda path: path.mkdir(), "exists as a folder, but get writes a file there"),
        (os.mkfifo, "exists as a device, pipe or socket, but get writes a file there"),
    ],
    ids=["symlink", "folder", "pipe"],
)
def test_get_over_an_entry_of_another_kind_is_one_line(tmp_path, got, make, expected):
    out = tmp_path / "out"
    out.mkdir()
    make(out / "empty")
    line = got(container(tmp_path / "layout", TREE), out, 1)[1]
    assert line == f"error: {str(out / 'empty')!r} {expected}: move it away\n"
    assert not (tmp_path / "elsewhere").exists()


def test_get_over_another_symlink_is_one_line_and_follows_none(tmp_path, got):
    out = tmp_path / "out"
    (out / "sub").mkdir(parents=True)
    (out / "sub/link").symlink_to("other")
    line = got(container(tmp_path / "layout", TREE), out, 1)[1]
    assert "sub/link' exists as a symlink, but get writes a symlink to '../x y' there" in line
    (out / "sub/link").unlink()
    (tmp_path / "outside").mkdir()
    os.rename(out / "sub", tmp_path / "moved")
    (out / "sub").symlink_to(tmp_path / "outside")
    assert "sub' exists as a symlink, but get writes a folder there" in got(tmp_path / "layout", out, 1)[1]
    assert not [*(tmp_path / "outside").iterdir()]


def test_get_full_disk_names_the_rest_and_continues_later(tmp_path, got):
    tree = {b"%03d" % number: os.urandom(40_000) for number in range(60)}
    source, total = container(tmp_path / "layout", tree), 60 * 40_000
    with small_disk(tmp_path / "disk", "size=1m") as disk:
        line = got(source, disk / "out", 1)[1]
        assert f"error: {str(disk / 'out')!r} is full (No space left on device): the remaining files need " in line
        left = int(line.split("need ")[1].split()[0])
        found = contents(disk / "out")
        assert not [path for path in found if b".partial" in path]
        assert found.items() <= tree.items()
        assert left == total - sum(map(len, found.values()))
        assert 10 < len(found) < 60
        Tool((require_tool("mount"),))("-o", "remount,size=4m", disk)
        assert f"({len(found)} already existed)" in got(source, disk / "out")[0]
        assert contents(disk / "out") == tree


def test_get_read_only_folder_is_one_line(tmp_path, got):
    source = container(tmp_path / "layout", TREE)
    with small_disk(tmp_path / "disk", "size=1m,ro") as disk:
        line = got(source, disk / "out", 1)[1]
        assert "cannot be written (Read-only file system): name a folder that you can write with --output" in line
    (tmp_path / "file").touch()
    assert "file' cannot be written (File exists)" in got(source, tmp_path / "file", 1)[1]


def test_get_folder_that_another_process_writes_is_one_line(tmp_path, got):
    source, out = container(tmp_path / "layout", TREE), tmp_path / "out"
    out.mkdir()
    descriptor = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert "another process writes to" in got(source, out, 1)[1]
    finally:
        os.close(descriptor)
    assert not contents(out)


def test_get_file_that_differs_is_skipped_and_the_others_are_written(tmp_path, got):
    source = container(tmp_path / "layout", TREE, with_cell("sha256", 3, "0" * 64))
    name = ODD_NAMES[3]
    printed, line = got(source, tmp_path / "out", 1)
    found = hashlib.sha256(name * 9).hexdigest()
    assert f"{os.fsdecode(name)!r}: sha256 is {found}, expected {'0' * 64}\n" in printed
    assert "error: skipped 1 file that differ" in line
    assert contents(tmp_path / "out") == {path: one for path, one in TREE.items() if path != name}


def test_get_target_without_modes_warns_once_and_writes_all(tmp_path, monkeypatch, capsys):
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(writer.os, "fchmod", refused)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert main(["get", str(container(tmp_path / "layout", TREE)), "--output", str(tmp_path / "out")]) == 0
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith("warning: ")
    assert "cannot set mode or time as in the image (Operation not permitted); other files may be affected" in warning
    assert contents(tmp_path / "out") == TREE


def test_fetch_in_another_thread_works_and_raises_there(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = open_source(str(container(tmp_path / "layout", TREE)))
    files, errors = read_files(source.document(CATALOG), source.name), []

    def run() -> None:
        fetch(source, files, str(tmp_path / "out"), quiet=True)
        (tmp_path / "out/empty").unlink()
        (tmp_path / "out/empty").mkdir()
        try:
            fetch(source, files, str(tmp_path / "out"), quiet=True)
        except DataContainerError as error:
            errors.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    (text,) = errors
    assert "exists as a folder" in text
    assert contents(tmp_path / "out").keys() == TREE.keys() - {b"empty"}
    assert capsys.readouterr() == ("", "")


def test_get_leaves_no_descriptor_open(tmp_path, got):
    source = container(tmp_path / "layout", {b"%d/%d" % (number, number): b"" for number in range(50)})
    got(source, tmp_path / "out")
    before = len(os.listdir("/proc/self/fd"))
    got(source, tmp_path / "out")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("get", "x.sif"), "get needs --output DIR: the folder to which it writes the files"),
        (("get", "x.sif", "--output"), "--output needs a value"),
        (("get", "x.sif", "--output", "y"), "there is no file 'x.sif': correct the path"),
        (("ls", "x.sif", "-verify"), "-verify needs the files: write `datacontainer get REF --output DIR`"),
        (("ls", "x"), "'x' is no image of a registry"),
        (("ls", "oci:x"), "'oci:x' is no image layout"),
    ],
)
def test_get_and_ls_wrong_words_are_one_line(tmp_path, monkeypatch, capsys, words, expected):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert expected in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]
