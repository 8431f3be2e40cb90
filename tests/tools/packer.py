"""Fixture: the packer."""

from pathlib import Path

import pytest

from datacontainer.entrypoint.compile import PACKER_MODULES, compile_packer
from tools.workflow import ROOT


def packer_sources() -> list[Path]:
    """The files that the packer is made of, its go.mod first."""
    names = (ROOT / "workflow/sources.txt").read_text().split()
    return [ROOT / name for name in names if name.startswith(PACKER_MODULES)]


@pytest.fixture(scope="session")
def packer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packer, compiled as the workflow does it."""
    binary = tmp_path_factory.mktemp("packer") / "packer"
    compile_packer(packer_sources(), binary, binary.parent / "cache")
    # Tests run it as another user too.
    binary.parent.chmod(0o755)
    return binary
