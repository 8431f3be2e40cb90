"""Seals: each change of a sealed file is a problem."""

import errno
import json
import os
import time

import pytest

from datacontainer.runtime import seals
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.seals import CLOCKS_NS, check, problems, renew, seal

SECOND_NS = 10**9


@pytest.fixture
def sealed(tmp_path):
    """A seal of two files, and of a folder with one file."""
    for name in ("read", "unread"):
        (tmp_path / name).write_bytes(b"content")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/inside").write_bytes(b"inside")
    path = tmp_path / "stage.seal"
    seal(path, "key", read=[tmp_path / "read", tmp_path / "folder"], unread=[tmp_path / "unread"])
    assert problems(path) == []
    return path


def set_mtime(path, mtime_ns):
    os.utime(path, ns=(mtime_ns, mtime_ns))


@pytest.mark.parametrize("name", ["read", "unread", "folder/inside"])
@pytest.mark.parametrize("moved_ns", [SECOND_NS, -2 * CLOCKS_NS])
def test_problems_changed_mtime_breaks_the_seal(sealed, name, moved_ns):
    file = sealed.parent / name
    since = sealed.stat().st_mtime_ns if moved_ns > 0 else file.stat().st_mtime_ns
    set_mtime(file, since + moved_ns)
    assert problems(sealed) == [f"'{file}' was changed after it was created"]


def test_problems_mtime_that_snakemake_sets_is_no_change(sealed):
    later = sealed.stat().st_mtime_ns + SECOND_NS
    for path in (sealed.with_name("read"), sealed.with_name("unread"), sealed):
        set_mtime(path, later)
    assert problems(sealed) == []


def test_problems_other_size_missing_and_new_files_are_named(sealed):
    sealed.with_name("read").write_bytes(b"longer content")
    sealed.with_name("unread").unlink()
    (sealed.parent / "folder/new").touch()
    assert problems(sealed) == [
        f"'{sealed.parent}/read' has 14 bytes, but had 7 when it was created",
        f"'{sealed.parent}/unread' is missing",
        f"'{sealed.parent}/folder/new' was not created by this stage",
    ]


def test_check_a_file_that_the_stage_did_not_create_is_named(sealed):
    other = sealed.with_name("other")
    other.touch()
    with pytest.raises(DataError, match=f"^'{other}' was not created by its stage: delete it and run snakemake again"):
        check(sealed, other)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"key": 1, "folders": [], "files": {"a": [1]}}'])
def test_problems_damaged_seal_is_named(sealed, content):
    sealed.write_bytes(content)
    (line,) = problems(sealed)
    assert line.startswith(f"the seal '{sealed}' cannot be read (")


def test_seal_whose_folder_cannot_be_synced_is_removed(tmp_path, monkeypatch):
    (tmp_path / "seals").mkdir()
    (tmp_path / "file").touch()
    real = seals.sync_folder

    def sync(folder):
        if folder.name == "seals":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(folder))
        real(folder)

    monkeypatch.setattr(seals, "sync_folder", sync)
    with pytest.raises(OSError, match=r"Input/output error: '.*/seals'"):
        seal(tmp_path / "seals/stage.seal", "key", read=[tmp_path / "file"])
    assert os.listdir(tmp_path / "seals") == []


def test_seal_names_a_file_that_cannot_be_read(tmp_path):
    # A read of address 0 of a process fails.
    (tmp_path / "file").symlink_to("/proc/self/mem")
    with pytest.raises(OSError, match=r"Input/output error: '.*/file'"):
        seal(tmp_path / "stage.seal", "key", read=[tmp_path / "file"])


def test_renew_seal_from_the_future_is_written_again_only_if_its_files_are_unchanged(sealed):
    future_ns = time.time_ns() + 1000 * SECOND_NS
    content = sealed.read_bytes()
    set_mtime(sealed, future_ns)
    renew(sealed)
    assert sealed.stat().st_mtime_ns < future_ns
    assert (sealed.read_bytes(), problems(sealed)) == (content, [])
    sealed.with_name("read").write_bytes(b"longer content")
    set_mtime(sealed, future_ns)
    renew(sealed)
    assert sealed.stat().st_mtime_ns == future_ns


def test_check_write_that_keeps_size_and_time_is_found(sealed):
    file = sealed.with_name("read")
    check(sealed, file)
    status = file.stat()
    file.write_bytes(b"CONTENT")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert problems(sealed) == []
    with pytest.raises(DataError, match="/read' is damaged: its seal records the sha256 ed7002b439e9"):
        check(sealed, file)


def test_check_compares_the_whole_digest(sealed):
    content = json.loads(sealed.read_bytes())
    size, mtime, sha256 = content["files"]["read"]
    content["files"]["read"] = [size, mtime, sha256[:-1] + ("0" if sha256[-1] != "0" else "1")]
    sealed.write_text(json.dumps(content))
    with pytest.raises(DataError, match="/read' is damaged"):
        check(sealed, sealed.with_name("read"))
