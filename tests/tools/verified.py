"""Fixtures: the products of a dataset, made once, and a copy of them for each test to damage."""

from pathlib import Path

import pytest

from datacontainer.entrypoint.gobuild import go_build, host_architecture
from tools.images import fill_odd
from tools.products import UNIQUE, Products
from tools.trees import fill
from tools.workflow import ROOT


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Products:
    """The products of a dataset of odd names, in three shards, the last two of which lie in the same folder."""
    folder = tmp_path_factory.mktemp("verify")
    go_build(ROOT / "packer", folder / "packer", "linux", host_architecture(), folder / "cache")
    fill_odd(folder / "dataset")
    fill(folder / "dataset", {b"sub/unique": UNIQUE, b"sub/a-b": b"", b"sub/a/b": b"deep"})
    (folder / "dataset/unfinished").mkdir()
    return Products(folder / "products", folder / "packer").make(folder / "dataset", cuts=(8, 25))


@pytest.fixture
def products(built: Products, tmp_path: Path) -> Products:
    """A copy of all of it, to damage."""
    return built.copy(tmp_path / "products")
