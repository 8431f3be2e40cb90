"""The progress of a long job."""

import logging
import time

import pytest

from datacontainer.runtime import progress
from datacontainer.runtime.progress import Progress, growing, log_progress, size
from tools.moving import wait_until


@pytest.fixture
def logged(caplog):
    """The lines logged so far."""
    caplog.set_level(logging.INFO, logger="datacontainer")
    return lambda: caplog.messages


def test_log_progress_bytes_has_count_rate_and_rest(logged):
    log_progress("the SIF", 2 * 10**9, 8 * 10**9, seconds=20)
    assert logged() == ["the SIF: 2.0 GB of 8.0 GB, 100.0 MB/s, 1:00 left"]


def test_log_progress_files_has_count_rate_and_rest(logged):
    log_progress("the catalog", 3000, 5000, seconds=3, unit="files")
    assert logged() == ["the catalog: 3,000 of 5,000 files, 1,000 per second, 0:02 left"]


@pytest.mark.parametrize("count", [0, 9])
def test_log_progress_without_a_rate_or_beyond_the_total_has_no_rest(logged, count):
    log_progress("it", count, 8, seconds=1, unit="files")
    assert logged() == [f"it: {count} of 8 files, {count} per second"]


def test_progress_logs_no_more_often_than_the_interval(logged, monkeypatch):
    clock = iter([100.0, 100.9, 101.1, 101.2])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    counter = Progress("it", 100, "files")
    counter.add(1)
    assert logged() == []
    counter.add(1)
    counter.add(1)
    assert len(logged()) == 1
    assert logged()[0].startswith("it: 2 of 100 files, ")


def test_growing_logs_the_size_of_a_file_that_appears(logged, monkeypatch, tmp_path):
    monkeypatch.setattr(progress, "INTERVAL_SECONDS", 0.05)
    file = tmp_path / "image"
    with growing("the SIF", file, 3 * 10**9):
        wait_until(logged)
        with open(file, "wb") as sparse:
            sparse.truncate(10**9)
        wait_until(lambda: logged()[-1].startswith("the SIF: 1.0 GB of 3.0 GB, "))
    count = len(logged())
    assert logged()[0] == "the SIF: 0 B of 3.0 GB, 0 B/s"
    time.sleep(0.12)
    assert len(logged()) == count


@pytest.mark.parametrize(
    ("size_bytes", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB")]
)
def test_size_is_the_largest_decimal_unit(size_bytes, text):
    assert size(size_bytes) == text
