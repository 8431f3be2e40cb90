"""Fixtures: the products of a dataset, made once, and a copy of them for each test to damage."""

from pathlib import Path

import pytest

from tools.images import fill_odd
from tools.products import UNIQUE, Products
from tools.shared import once
from tools.trees import fill


@pytest.fixture(scope="session")
def built(packer: Path) -> Products:
    """The products of a dataset of odd names, in three shards, the last two of which lie in the same folder."""

    def make(folder: Path) -> None:
        fill_odd(folder / "dataset")
        fill(folder / "dataset", {b"sub/unique": UNIQUE, b"sub/a-b": b"", b"sub/a/b": b"deep"})
        (folder / "dataset/unfinished").mkdir()
        Products(folder / "products", packer).make(folder / "dataset", cuts=(8, 25))

    return Products(once("verify", make) / "products", packer)


@pytest.fixture
def products(built: Products, tmp_path: Path) -> Products:
    """A copy of all of it, to damage."""
    return built.copy(tmp_path / "products")
