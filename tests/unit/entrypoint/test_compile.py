"""Compile: the packer, built from two Go modules."""

import shutil
import subprocess

import pytest

from datacontainer.entrypoint.compile import compile_packer
from tools.packer import packer_sources
from tools.workflow import ROOT


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


@pytest.mark.parametrize(
    ("output", "reason"), [(">&-", "file already closed"), ("> /dev/full", "no space left on device")]
)
def test_packer_output_that_takes_no_text_is_an_error(packer, tmp_path, output, reason):
    words = ["sh", "-c", f'exec "$0" "$@" {output}', packer, "scan", "--digest-only", "--root", tmp_path]
    done = subprocess.run(words, stderr=-1, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, f"write /dev/stdout: {reason}\n")
