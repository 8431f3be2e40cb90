"""Compile: the packer, built from two Go modules."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from datacontainer.entrypoint import compile as compile_module
from datacontainer.entrypoint.compile import compile_entrypoint, compile_packer
from datacontainer.entrypoint.gobuild import go_build
from tools.entrypoint import module_files
from tools.packer import packer_sources
from tools.workflow import ROOT


@pytest.fixture
def builds(tmp_path, monkeypatch) -> list[object]:
    """The builds with Go, whose cache has no program of another test."""
    done: list[object] = []
    monkeypatch.setattr(compile_module, "go_build", lambda *given: done.append(given) or go_build(*given))
    monkeypatch.setattr(compile_module, "go_cache", lambda _: tmp_path / "go")
    return done


@pytest.mark.usefixtures("builds")
def test_compile_packer_sources_in_another_folder_gives_the_same_bytes_and_writes_nothing_there(packer, tmp_path):
    """Snakemake puts the sources of a workflow that it fetched into a cache folder."""
    there = []
    for source in packer_sources():
        there.append(tmp_path / "elsewhere" / source.relative_to(ROOT))
        there[-1].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, there[-1])
    compile_packer(there, tmp_path / "packer", tmp_path / "cache")
    assert (tmp_path / "packer").read_bytes() == packer.read_bytes()
    assert sorted(there) == sorted(path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "built"),
    [
        (Path.stat, 0),
        (Path.unlink, 1),
        (lambda kept: kept.write_bytes(kept.read_bytes()[:-1] + b"x"), 1),
        (lambda kept: kept.write_bytes(b"x" * 32 + kept.read_bytes()[32:]), 1),
        # A file that can be neither read nor replaced.
        (lambda kept: kept.is_file() and (kept.unlink(), kept.mkdir()), 1),
    ],
)
def test_compile_again_builds_only_without_an_intact_program(builds, tmp_path, change, built):
    binaries = [tmp_path / "one/entrypoint", tmp_path / "two/entrypoint"]
    packers = [tmp_path / "one/packer", tmp_path / "two/packer"]
    (tmp_path / "facts.bin").write_bytes(b"facts")
    (tmp_path / "index.bin").write_bytes(b"index")
    for packer in packers:
        compile_packer(packer_sources(), packer, tmp_path / "cache")
        change(next((tmp_path / "go/datacontainer").glob("packer-*")))
    for binary in binaries:
        compile_entrypoint(module_files(), tmp_path, binary, "linux/arm64", tmp_path / "cache")
        change(tmp_path / "go/datacontainer/entrypoint-linux-arm64")
    assert len(builds) == 2 + 2 * built
    assert len({binary.read_bytes() for binary in binaries}) == len({packer.read_bytes() for packer in packers}) == 1
    assert {made.stat().st_mode & 0o777 for made in [*binaries, *packers]} == {0o755}


def test_compile_entrypoint_of_two_datasets_at_once_builds_one_program(builds, tmp_path):
    binaries = [tmp_path / "one/entrypoint", tmp_path / "two/entrypoint"]
    (tmp_path / "facts.bin").write_bytes(b"facts")
    (tmp_path / "index.bin").write_bytes(b"index")
    with ThreadPoolExecutor(2) as jobs:
        given = module_files(), tmp_path
        list(jobs.map(lambda one: compile_entrypoint(*given, one, "linux/arm64", tmp_path / "cache"), binaries))
    assert (len(builds), binaries[0].read_bytes()) == (1, binaries[1].read_bytes())


@pytest.mark.parametrize(
    ("output", "reason"), [(">&-", "file already closed"), ("> /dev/full", "no space left on device")]
)
def test_packer_output_that_takes_no_text_is_an_error(packer, tmp_path, output, reason):
    words = ["sh", "-c", f'exec "$0" "$@" {output}', packer, "scan", "--digest-only", "--root", tmp_path]
    done = subprocess.run(words, stderr=-1, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"write /dev/stdout: {reason}\n")
