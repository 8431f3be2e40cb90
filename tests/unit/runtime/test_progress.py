"""The lines that say how far a long run has come."""

import logging
import time

import pytest

from datacontainer.runtime import progress
from datacontainer.runtime.progress import Progress, growing, tell


@pytest.fixture
def told(caplog):
    """The lines told so far."""
    caplog.set_level(logging.INFO, logger="datacontainer")
    return lambda: caplog.messages


def test_tell_bytes_has_count_rate_and_rest(told):
    tell("the SIF", 2 * 10**9, 8 * 10**9, seconds=20)
    assert told() == ["the SIF: 2.0 of 8.0 GB, 100 MB/s, 1:00 left"]


def test_tell_files_has_count_rate_and_rest(told):
    tell("the catalog", 3000, 5000, seconds=3, unit="files")
    assert told() == ["the catalog: 3000 of 5000 files, 1000 per second, 0:02 left"]


@pytest.mark.parametrize("count", [0, 9])
def test_tell_without_a_rate_or_beyond_the_total_promises_nothing(told, count):
    tell("it", count, 8, seconds=1, unit="files")
    assert told() == [f"it: {count} of 8 files, {count} per second"]


def test_progress_tells_no_more_often_than_the_interval(told, monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL_SECONDS", 0.2)
    counter = Progress("it", 100, "files")
    counter.add(1)
    assert told() == []
    time.sleep(0.25)
    counter.add(1)
    counter.add(1)
    assert len(told()) == 1
    assert told()[0].startswith("it: 2 of 100 files, ")


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def test_growing_tells_the_size_of_a_file_that_comes_to_be(told, monkeypatch, tmp_path):
    monkeypatch.setattr(progress, "INTERVAL_SECONDS", 0.05)
    file = tmp_path / "image"
    with growing("the SIF", file, 3 * 10**9):
        wait_for(told)
        with open(file, "wb") as sparse:
            sparse.truncate(10**9)
        wait_for(lambda: told()[-1].startswith("the SIF: 1.0 of 3.0 GB, "))
    count = len(told())
    assert told()[0] == "the SIF: 0.0 of 3.0 GB, 0 MB/s"
    time.sleep(0.12)
    assert len(told()) == count
