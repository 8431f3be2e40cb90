"""Fixtures and options that all tests share."""

import os
from pathlib import Path
from typing import Any

import pytest

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
    "tools.verified",
    "tools.moving",
    "tools.slurm",
]

ROOT = Path(__file__).parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write generated documents anew instead of comparing them")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tiers begin, so that the quick one fills the time of the worker that is done first.

    With `--dist loadgroup` a file's tests run in one worker, as they share fixtures; a marker may say otherwise.
    """
    items.sort(key=lambda item: "unit" in item.path.parts)
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Any:
    """What a worker tells of a test, with the odd names that the test printed made text that can be sent."""
    return encodable((yield))


def encodable(value: Any) -> Any:
    """The value with each character that UTF-8 lacks as its escape."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {encodable(key): encodable(one) for key, one in value.items()}
    return type(value)(map(encodable, value)) if isinstance(value, list | tuple) else value


@pytest.fixture(autouse=True)
def _fixed_umask():
    """The tests that look at modes know which ones to expect."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """An empty folder to fill with a dataset."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    return folder
