"""Compile: the packer, which consists of two Go modules."""

import shutil

from datacontainer.entrypoint.compile import compile_packer
from tools.packer import packer_sources
from tools.workflow import ROOT


def test_compile_packer_sources_in_another_folder_give_the_same_bytes(packer, tmp_path):
    """Snakemake stores the sources of a fetched workflow in a folder outside of the repository."""
    copies = []
    for source in packer_sources():
        copies.append(tmp_path / "elsewhere" / source.relative_to(ROOT))
        copies[-1].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copies[-1])
    compile_packer(copies, tmp_path / "packer", tmp_path / "cache")
    assert (tmp_path / "packer").read_bytes() == packer.read_bytes()
    assert sorted(copies) == sorted(path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file())
