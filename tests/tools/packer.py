"""Fixture: the packer."""

from pathlib import Path

import pytest

from datacontainer.entrypoint.compile import compile_packer
from tools.workflow import ROOT


def packer_sources() -> list[Path]:
    """The files that the packer is made of, go.mod first."""
    sources = [path for path in sorted((ROOT / "packer").rglob("*.go")) if not path.name.endswith("_test.go")]
    return [ROOT / "packer/go.mod", *sources]


@pytest.fixture(scope="session")
def packer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packer, compiled as the workflow does it."""
    binary = tmp_path_factory.mktemp("packer") / "packer"
    compile_packer(packer_sources(), binary, binary.parent / "cache")
    return binary
