"""Fixtures and options that all tests share."""

import os
from pathlib import Path

import pytest

from tools.limits import limited

pytest_plugins = [
    "tools.shared",
    "tools.workflow",
    "tools.docker",
    "tools.examples",
    "tools.apptainer",
    "tools.images",
    "tools.entrypoint",
    "tools.packer",
    "tools.keys",
    "tools.registry",
    "tools.embedding",
    "tools.builds",
    "tools.browser",
    "tools.scheduler",
    "tools.products",
    "tools.moving",
    "tools.slurm",
    "tools.objects",
]

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write generated documents instead of comparing them")


@pytest.fixture(scope="session", autouse=True)
def _limited_programs():
    """Kills a program that a test started and that does not end."""
    with limited():
        yield


@pytest.fixture(autouse=True)
def _fixed_umask():
    """Sets the umask to 0o022, because tests compare the modes of files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """An empty folder to fill with a dataset."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    return folder
