"""Compile: the packer, whose source is two Go modules."""

import shutil

from datacontainer.entrypoint.compile import compile_packer
from tools.packer import packer_sources
from tools.workflow import ROOT


def test_compile_packer_sources_elsewhere_give_the_same_bytes_and_stay_as_they_are(packer, tmp_path):
    """As Snakemake has the sources of a workflow that it fetched."""
    there = []
    for source in packer_sources():
        there.append(tmp_path / "elsewhere" / source.relative_to(ROOT))
        there[-1].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, there[-1])
    compile_packer(there, tmp_path / "packer", tmp_path / "cache")
    assert (tmp_path / "packer").read_bytes() == packer.read_bytes()
    assert sorted(there) == sorted(path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file())
