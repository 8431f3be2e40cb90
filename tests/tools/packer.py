"""Fixture: the packer."""

from pathlib import Path

import pytest

from datacontainer.entrypoint.compile import PACKER_MODULES, compile_packer
from tools.shared import once
from tools.workflow import ROOT


def packer_sources() -> list[Path]:
    """The source files of the packer, its go.mod first."""
    names = (ROOT / "workflow/sources.txt").read_text().split()
    return [ROOT / name for name in names if name.startswith(PACKER_MODULES)]


@pytest.fixture(scope="session")
def packer() -> Path:
    """The packer, compiled in the same way as by the workflow. All users may run it."""

    def make(folder: Path) -> None:
        compile_packer(packer_sources(), folder / "packer", folder / "cache")

    return once("packer", make) / "packer"
