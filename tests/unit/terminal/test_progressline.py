"""The progress line of a run, from the messages of its jobs."""

import io
import os
import pty
from contextlib import suppress

import pytest

from datacontainer.runtime.channel import Amount, Message
from datacontainer.terminal import progressline
from datacontainer.terminal.progressline import CLEAR, ProgressLine, title_of


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test sets."""
    now = [1000.0]
    monkeypatch.setattr(progressline.time, "monotonic", lambda: now[0])
    return now


def test_text_sums_finished_and_running_jobs_against_the_whole(clock):
    line = ProgressLine(io.StringIO())
    line.start("hash lab", Amount(0, 5000, 0, 4_000_000))
    line.step(3, 20)
    line.update(Message("1", "hash lab", Amount(100, 1000, 300_000, 800_000)))
    line.update(Message("1", "hash lab", Amount(1000, 1000, 800_000, 800_000), done=True))
    line.update(Message("2", "hash lab", Amount(500, 1000, 200_000, 800_000)))
    clock[0] += 10
    assert line.text() == "[3/20] hash lab: 1,500 of 5,000 files, 1.0 MB of 4.0 MB, 100.0 kB/s, 0:30 left"


def test_text_without_numbers_is_the_elapsed_time(clock):
    line = ProgressLine(io.StringIO())
    assert line.text() == ""
    line.start("compile lab", Amount())
    clock[0] += 75
    assert line.text() == "compile lab: 1:15"


def test_text_of_a_scan_is_files_and_rate(clock):
    line = ProgressLine(io.StringIO())
    line.update(Message("1", "scan lab", Amount(files=30_000)))
    clock[0] += 2
    line.update(Message("1", "scan lab", Amount(files=90_000)))
    assert line.text() == "scan lab: 90,000 files, 45,000 per second"


def test_draw_without_a_terminal_prints_once_a_minute(clock):
    out = io.StringIO()
    line = ProgressLine(out)
    line.start("compile lab", Amount())
    for _ in range(5):
        clock[0] += 20
        line.draw()
    assert out.getvalue() == "compile lab: 1:00\n"


@pytest.mark.usefixtures("clock")
def test_draw_on_a_terminal_overwrites_the_line_and_clear_removes_it():
    ours, theirs = pty.openpty()
    with open(theirs, "w") as terminal:
        line = ProgressLine(terminal)
        line.start("compile lab", Amount())
        line.draw()
        line.clear()
        line.clear(typed=True)
        line.clear()
    found = b""
    # Linux passes the writes on one after the other, and ends with an error.
    with suppress(OSError):
        while piece := os.read(ours, 999):
            found += piece
    os.close(ours)
    assert found.decode() == f"{CLEAR}compile lab: 0:00{CLEAR}{CLEAR}"


@pytest.mark.parametrize(
    ("rule", "wildcards", "title"),
    [
        ("hash", {"dataset": "lab", "shard": "x"}, "hash lab"),
        ("assemble_archive", {"dataset": "lab"}, "assemble lab"),
        ("compile_packer", {}, "compile the packer"),
    ],
)
def test_title_of_is_the_title_that_the_job_uses(rule, wildcards, title):
    assert title_of(rule, wildcards) == title
