"""Output files: complete under their final name, or absent."""

import errno
import os
import re
import subprocess
import sys

import pytest

from datacontainer.runtime import outputs
from datacontainer.runtime.outputs import (
    completed,
    completed_folder,
    copy_into,
    final_name,
    fresh_directory,
    link_or_copy,
    partial_name,
    write_bytes,
    written,
)
from tools.engines import require_tool


def test_written_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")
    with pytest.raises(RuntimeError), written(path) as file:
        file.write(b"new")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_written_file_does_not_exist_before_the_block_ends(tmp_path):
    with written(tmp_path / "file") as file:
        file.write(b"x")
        assert not (tmp_path / "file").exists()
    assert (tmp_path / "file").read_bytes() == b"x"


def test_written_process_that_outlives_its_run_cannot_rename_its_file(tmp_path):
    path = tmp_path / "fi[l]e"
    with pytest.raises(FileNotFoundError), written(path) as orphan:
        orphan.write(b"orphan")
        with written(path) as file:
            file.write(b"whole")
    assert path.read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["fi[l]e"]


def test_completed_missing_folder_is_created(tmp_path):
    with completed(tmp_path / "a/b/file") as partial:
        partial.write_bytes(b"x")
    assert (tmp_path / "a/b/file").read_bytes() == b"x"


def test_link_or_copy_existing_target_becomes_a_hard_link(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"new")
    target.write_bytes(b"old")
    for _ in range(2):
        link_or_copy(source, target)
        assert target.samefile(source)
        assert sorted(os.listdir(tmp_path)) == ["source", "target"]


@pytest.mark.parametrize("refusal", ["EXDEV", "EPERM", "EMLINK", "EOPNOTSUPP"])
def test_link_or_copy_without_hard_links_copies_and_syncs_before_the_rename(tmp_path, refusal):
    source, target, trace = tmp_path / "source", tmp_path / "target", tmp_path / "trace"
    source.write_bytes(b"new")
    strace = [require_tool("strace"), "-f", "-qq", "-y", "-o", trace, "-e", "trace=fsync,rename,link"]
    module = "from pathlib import Path; from datacontainer.runtime.outputs import link_or_copy"
    call = f"{module}; link_or_copy(Path({str(source)!r}), Path({str(target)!r}))"
    inject = ["-e", f"inject=link:error={refusal}"]
    subprocess.run([*strace, *inject, sys.executable, "-c", call], check=True)
    assert target.read_bytes() == b"new"
    assert not target.samefile(source)
    calls = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines() if "/.target." in line]
    assert [call.partition("(")[0] for call in calls] == ["link", "fsync", "rename"]


@pytest.mark.parametrize("refused", [[], ["copy_file_range"], ["copy_file_range", "sendfile"]])
def test_copy_into_between_buffered_writes_appends(tmp_path, monkeypatch, refused):
    def refuse(*_arguments):
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    for call in refused:
        monkeypatch.setattr(os, call, refuse)
    source = tmp_path / "source"
    source.write_bytes(b"x" * 100_000)
    with (tmp_path / "target").open("wb") as target:
        target.write(b"before")
        copy_into(source, target)
        target.write(b"after")
    assert (tmp_path / "target").read_bytes() == b"before" + b"x" * 100_000 + b"after"


@pytest.mark.parametrize("refused", [[], ["copy_file_range", "sendfile"]])
def test_copy_into_source_that_is_cut_short_meanwhile_is_an_error(tmp_path, monkeypatch, refused):
    def refuse(*_arguments):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    for call in refused:
        monkeypatch.setattr(os, call, refuse)
    monkeypatch.setattr(outputs, "PIECE_BYTES", 1000)
    source = tmp_path / "source"
    source.write_bytes(b"x" * 5000)
    message = f"'{source}' became shorter while it was copied: 3000 bytes are missing"
    with (tmp_path / "target").open("wb") as target, pytest.raises(OSError, match=re.escape(message)):
        copy_into(source, target, lambda _: os.truncate(source, 2000))
    source.write_bytes(b"x" * 5000)
    with (tmp_path / "target").open("wb") as target:
        copy_into(source, target, lambda _: os.truncate(source, 9000))
    assert (tmp_path / "target").stat().st_size == 5000


def test_completed_folder_replaces_the_old_folder_only_when_the_block_ends(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").touch()
    with pytest.raises(RuntimeError), completed_folder(path) as partial:
        (partial / "new").touch()
        raise RuntimeError
    assert (os.listdir(tmp_path), os.listdir(path)) == (["folder"], ["old"])
    # A killed run leaves its folder, which the next run deletes.
    left = partial_name(path)
    (left / "deep").mkdir(parents=True)
    with completed_folder(path) as partial:
        (partial / "new").touch()
        assert os.listdir(path) == ["old"]
    assert (os.listdir(tmp_path), os.listdir(path)) == (["folder"], ["new"])


@pytest.mark.parametrize("name", ["file", "a.b.sif", ".hidden"])
def test_final_name_returns_the_name_for_which_a_partial_name_was_made(tmp_path, name):
    assert final_name(partial_name(tmp_path / name)) == tmp_path / name
    assert final_name(tmp_path / name) == tmp_path / name


def test_fresh_directory_existing_folder_is_emptied(tmp_path):
    (tmp_path / "d/sub").mkdir(parents=True)
    assert list(fresh_directory(tmp_path / "d").iterdir()) == []


def test_written_full_disk_names_the_file(tmp_path):
    with pytest.raises(OSError, match=r"No space left on device: '.*/product'"), written(tmp_path / "product"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
