"""What a stage tells the terminal, and what it leaves in its log."""

import errno

import pytest

from datacontainer.errors import DataError, MissingToolError, UsageError
from datacontainer.logs import logger, stage


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


def test_stage_stopped_by_ctrl_c_is_one_line(tmp_path, capsys):
    code, log = run(tmp_path, KeyboardInterrupt())
    assert code == 130
    assert capsys.readouterr().err == "stopped: scan fruit: nothing half done is left; run snakemake again\n"
    assert "Traceback" not in log


def test_stage_full_disk_says_what_to_do(tmp_path, capsys):
    run(tmp_path, OSError(errno.ENOSPC, "No space left on device", "out/x"))
    expected = "error: scan fruit: the disk is full: [Errno 28] No space left on device: 'out/x'; free some space"
    assert capsys.readouterr().err.startswith(expected)


def test_stage_without_error_says_nothing(tmp_path, capsys):
    with stage(tmp_path / "log", "scan fruit"):
        logger.info("counted")
    assert capsys.readouterr() == ("", "")
    assert (tmp_path / "log").read_text().endswith("counted\n")
