"""The errors at the end of a run: one entry for each cause."""

import time

import pytest

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import stage
from datacontainer.terminal.failures import NEXT, Failures


@pytest.fixture
def failures() -> Failures:
    return Failures(time.time() - 60)


def failed_log(path, text):
    with pytest.raises(SystemExit), stage(path, "hash lab"):
        raise DataError(text)
    return str(path)


def test_lines_jobs_with_the_same_cause_are_one_entry_with_the_sum_of_their_files(tmp_path, failures):
    for number, files in enumerate(("1 file", "5 files")):
        text = f"function labmeta.py:nifti failed on {files}, first: 'sub-{number}': ValueError: no header"
        failures.add_job(number, "hash", [failed_log(tmp_path / f"{number}.log", text)])
    assert list(failures.lines()) == [
        "error: hash lab: function labmeta.py:nifti failed on 6 files, first: 'sub-0': ValueError: no header",
        f"  log: {tmp_path}/0.log, and 1 more in the same folder",
        NEXT,
    ]


def test_lines_more_causes_than_fit_are_counted(tmp_path, failures):
    for number in range(7):
        failures.add_job(number, "hash", [failed_log(tmp_path / f"{number}.log", f"cause {number}")])
    lines = list(failures.lines())
    shown = [(f"error: hash lab: cause {i}", f"  log: {tmp_path}/{i}.log") for i in range(5)]
    assert lines[:-2] == [line for pair in shown for line in pair]
    assert lines[-2:] == ["2 more causes: the logs of the failed jobs list them", NEXT]


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("CalledProcessError: Command 'x' died with <Signals.SIGKILL: 9>.", "most often for lack of memory"),
        ("Command 'x' returned non-zero exit status 7.", "returned non-zero exit status 7: its process ended without"),
    ],
)
def test_lines_job_without_an_error_in_its_log_has_its_status(tmp_path, failures, status, hint):
    (tmp_path / "log").write_text("2026-01-01 00:00:00,000 reading\n")
    failures.add_status(status)
    failures.add_job(1, "convert", [str(tmp_path / "log")])
    first, log, last = failures.lines()
    assert first.startswith("error: convert: ")
    assert hint in first
    assert (log, last) == (f"  log: {tmp_path}/log", NEXT)


def test_lines_job_without_a_log_has_the_reason_in_one_line(failures):
    failures.add_job(1, "hash", [], "Missing\n  output files")
    assert list(failures.lines()) == ["error: hash: Missing output files", NEXT]


def test_lines_log_of_an_earlier_run_is_left_out(tmp_path):
    log = failed_log(tmp_path / "log", "an old error")
    failures = Failures(time.time() + 60)
    failures.add_job(1, "hash", [log])
    assert "old error" not in "".join(failures.lines())


def test_forget_job_that_succeeds_at_its_second_attempt_is_no_failure(tmp_path, failures):
    failures.add_job(1, "hash", [failed_log(tmp_path / "log", "x")])
    assert failures
    failures.forget_job(1)
    assert not failures


def test_lines_error_of_the_run_itself_is_printed_once(failures):
    failures.add_run("error: one")
    failures.add_run("error: one")
    assert list(failures.lines()) == ["error: one"]
