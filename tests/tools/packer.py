"""Fixture: the packer."""

from pathlib import Path

import pytest

from datacontainer.entrypoint.compile import compile_packer
from datacontainer.runtime.codedigest import files_digest
from tools.shared import once
from tools.workflow import ROOT


def packer_sources() -> list[Path]:
    """The files that the packer is made of, go.mod first."""
    sources = [path for path in sorted((ROOT / "packer").rglob("*.go")) if not path.name.endswith("_test.go")]
    return [ROOT / "packer/go.mod", *sources]


def sources_digest() -> str:
    """The digest of the packer's sources that it has to know."""
    return files_digest(packer_sources())


@pytest.fixture(scope="session")
def packer() -> Path:
    """The packer, compiled as the workflow does it, which every user may run."""

    def make(folder: Path) -> None:
        compile_packer(packer_sources(), folder / "packer", folder / "cache")

    return once("packer", make) / "packer"
