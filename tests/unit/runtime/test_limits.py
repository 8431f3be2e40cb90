"""Full disks and limits: the folder or the limit that is named, and what to change."""

import errno
import resource
import shutil
import tempfile

import pytest

from datacontainer.runtime.errors import DataContainerError
from datacontainer.runtime.limits import explained
from datacontainer.runtime.programs import run
from tools.engines import require_tool, small_disk

FULL = "No space left on device"


@pytest.fixture
def disk(tmp_path):
    """A small disk on which no program may run."""
    with small_disk(tmp_path / "disk", "size=200k,noexec") as folder:
        yield str(folder)


def test_explained_full_disk_names_the_folder_in_the_text_or_without_space(disk, tmp_path, monkeypatch):
    other, quota = str(tmp_path), f"{disk}/tmp1/x: Disk quota exceeded"
    monkeypatch.setattr(tempfile, "tempdir", disk)
    monkeypatch.setenv("XDG_CACHE_HOME", other)
    assert "free space in '/x/y', or set outdir to" in explained(FULL, errno.ENOSPC, path="/x/y/file")
    assert f"free space in outdir and in {disk!r}, or set outdir or TMPDIR" in explained(FULL)
    assert f"in {disk!r}, or set TMPDIR to" in explained(f"trace\nwriting {disk}/go-build1/x: {FULL}\nmore")
    assert f"in {other!r}, or set GOCACHE to" in explained(f"{other}/0f/x: {FULL}", cache=other)
    assert explained(quota).startswith(
        f"your quota of bytes or files on the disk is used up: {quota}; free space in {disk!r}, or set TMP"
    )
    with open(f"{disk}/filler", "wb", buffering=0) as file:
        assert file.write(bytes(1 << 20)) == 200 << 10
    assert f"in {disk!r}, or set TMPDIR to" in explained(FULL, errno.ENOSPC, path="/x/y/file")
    assert f"in {disk!r}, or set GOCACHE to" in explained("package embed is not in std", cache=disk)
    monkeypatch.setattr(tempfile, "tempdir", other)
    monkeypatch.setenv("XDG_CACHE_HOME", disk)
    assert f"in {disk!r}, or set XDG_CACHE_HOME to" in explained(FULL)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("kill -XFSZ $$", "a file is reached: ended by a signal: File size limit exceeded; `ulimit -f` is 9: "),
        ("echo failed to create new OS thread >&2; echo trace >&2; exit 2", "OS thread; `ulimit -u` is 9216: "),
        ("echo open x: too many open files >&2; exit 1", "the limit of open files is reached: open x: .* is 9216: "),
        ("exit 1", "^x failed: exit status 1$"),
    ],
)
def test_run_of_a_program_at_a_limit_names_the_limit(monkeypatch, script, expected):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (9216, 9216))
    with pytest.raises(DataContainerError, match=expected):
        run(["sh", "-c", script], "x")


def test_run_of_a_program_that_cannot_start_names_the_cause(disk, tmp_path):
    shutil.copy(require_tool("true"), disk)
    with pytest.raises(DataContainerError, match=f"'{disk}/true' cannot be run: .* mounted with noexec; set outdir to"):
        run([f"{disk}/true"], "")
    (tmp_path / "program").write_bytes(b"\x7fELF of another machine")
    (tmp_path / "program").chmod(0o755)
    with pytest.raises(DataContainerError, match="/program' is not a program for this machine: delete it, and run"):
        run([tmp_path / "program"], "")
