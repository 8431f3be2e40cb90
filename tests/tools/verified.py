"""Fixtures: the products of a dataset, built once, and a copy that each test may damage."""

from pathlib import Path

import pytest

from tools.images import fill_odd
from tools.products import UNIQUE, Products
from tools.shared import once
from tools.trees import fill


@pytest.fixture(scope="session")
def built(packer: Path) -> Products:
    """The products of a dataset with unusual names, in three shards; the last two shards share a folder."""

    def make(folder: Path) -> None:
        fill_odd(folder / "dataset")
        fill(folder / "dataset", {b"sub/unique": UNIQUE, b"sub/a-b": b"", b"sub/a/b": b"deep"})
        (folder / "dataset/unfinished").mkdir()
        Products(folder / "products", packer).make(folder / "dataset", cuts=(8, 25))

    return Products(once("verify", make) / "products", packer)


@pytest.fixture
def products(built: Products, tmp_path: Path) -> Products:
    """A copy of all products."""
    return built.copy(tmp_path / "products")
