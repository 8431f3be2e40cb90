"""The lines that a stage prints, and its log."""

import errno
import os
import platform
import pty
import re
import sys
import time

import pytest

from datacontainer import __version__
from datacontainer.runtime import logs
from datacontainer.runtime.errors import DataError, MissingToolError, UsageError
from datacontainer.runtime.logs import finished, last_error, logger, progress, stage, warn, warnings_in
from datacontainer.runtime.resources import SNAKEMAKE_MB


def run(tmp_path, error):
    log = tmp_path / "log"
    with pytest.raises(SystemExit) as caught, stage(log, "scan fruit"):
        logger.info("counted %d", 3)
        raise error
    return caught.value.code, log.read_text()


@pytest.mark.parametrize(
    ("error", "status"), [(DataError("x"), 1), (UsageError("x"), 2), (MissingToolError("x"), 3), (ValueError("x"), 1)]
)
def test_stage_error_ends_with_its_status_and_logs_the_trace(tmp_path, error, status):
    code, log = run(tmp_path, error)
    assert code == status
    assert "counted 3" in log
    assert "Traceback" in log


def test_stage_error_is_one_line_on_stderr(tmp_path, capsys):
    run(tmp_path, DataError("file 'a\udcff'\nis gone"))
    assert capsys.readouterr().err == "error: scan fruit: file 'a\\udcff' is gone\n"
    run(tmp_path, OSError(errno.ENOSPC, "No space left on device", "out/x"))
    expected = "error: scan fruit: the disk is full: [Errno 28] No space left on device: 'out/x'; free space in 'out'"
    assert capsys.readouterr().err.startswith(expected)


def test_stage_stopped_by_ctrl_c_is_one_line(tmp_path, capsys):
    code, log = run(tmp_path, KeyboardInterrupt())
    assert code == 130
    assert capsys.readouterr().err == "stopped: scan fruit: no partial results are left; run the same command again\n"
    assert "Traceback" not in log


def test_stage_without_error_prints_nothing(tmp_path, capsys):
    with stage(tmp_path / "log", "scan fruit"):
        logger.info("counted")
    assert capsys.readouterr() == ("", "")
    assert "counted\n" in (tmp_path / "log").read_text()


def test_stage_log_begins_with_versions_inputs_and_parameters(tmp_path):
    with stage(tmp_path / "log", "scan fruit", [f"shard{i}" for i in range(7)], {"root": "data", "long": "x" * 999}):
        pass
    lines = [line.split(" ", 2)[2] for line in (tmp_path / "log").read_text().splitlines()]
    assert lines[0].startswith(f"datacontainer {__version__}, Python {platform.python_version()}")
    assert lines[0].endswith(f" on {platform.node()}")
    assert lines[1] == "inputs: 'shard0', 'shard1', 'shard2', 'shard3', 'shard4' and 2 more"
    assert lines[2] == "root: 'data'"
    assert len(lines[3]) == len("long: ") + 300


def test_stage_log_ends_with_files_bytes_seconds_and_memory(tmp_path):
    for given in ((3, 17), None):
        with stage(tmp_path / "log", "scan fruit"):
            if given:
                finished(*given)
        last = (tmp_path / "log").read_text().splitlines()[-1]
        work = "3 files, 17 bytes, " if given else ""
        end = rf" scan fruit: done: {work}\d+\.\d s, (\d+) MB of memory \(a job on a cluster: (\d+) MB\)$"
        stage_mb, job_mb = map(int, re.search(end, last).groups())
        assert job_mb - stage_mb == SNAKEMAKE_MB


def test_last_error_is_the_line_of_the_terminal(tmp_path, capsys):
    run(tmp_path, DataError("it is gone"))
    assert last_error(tmp_path / "log") == capsys.readouterr().err.strip() == "error: scan fruit: it is gone"


def test_last_error_has_the_details_of_the_error(tmp_path, capsys):
    error = DataError("2 entries cannot be stored")
    error.details = ["'a\n'", "  'b\udcff'"]
    run(tmp_path, error)
    expected = "error: scan fruit: 2 entries cannot be stored\n  'a '\n    'b\\udcff'"
    assert last_error(tmp_path / "log") == capsys.readouterr().err.rstrip("\n") == expected


def test_warnings_in_a_log_are_those_that_were_printed(tmp_path, capsys):
    with stage(tmp_path / "log", "scan fruit"):
        logger.info("counted")
        warn("one\nwarning")
    assert capsys.readouterr().err == "warning: one warning\n"
    assert warnings_in(tmp_path / "log") == ["one warning"]
    assert warnings_in(tmp_path / "missing") == []


def test_last_error_of_a_stage_that_did_not_fail_is_none(tmp_path):
    with stage(tmp_path / "log", "scan fruit"):
        logger.info("an error: that was corrected")
    assert last_error(tmp_path / "log") is None
    assert last_error(tmp_path / "missing") is None


def test_stage_on_a_terminal_shows_some_of_the_progress(tmp_path, monkeypatch):
    ours, theirs = pty.openpty()
    with open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with stage(tmp_path / "log", "scan fruit"):
            logger.info("a detail")
            later = time.time() + 20
            monkeypatch.setattr(logs.time, "time", lambda: later)
            progress.info("1 of 3 files")
            progress.info("2 of 3 files")
        assert os.read(ours, 999) == b"scan fruit: 1 of 3 files\r\n"
    os.close(ours)
    log = (tmp_path / "log").read_text()
    assert "1 of 3 files" in log
    assert "2 of 3 files" not in log
