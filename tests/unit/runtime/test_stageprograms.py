"""The programs that a stage runs."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from datacontainer.runtime import programs
from datacontainer.runtime.errors import DataContainerError


def test_terminate_all_ends_the_programs_of_other_threads(monkeypatch):
    monkeypatch.setattr(programs, "_stopped", threading.Event())
    started = threading.Event()
    words = ["sh", "-c", "echo started; exec sleep 100"]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(programs.run, words, "sleep", handle=lambda _: started.set())
        assert started.wait(60)
        programs.check_running()
        programs.terminate_all()
        with pytest.raises(DataContainerError, match="sleep failed: "):
            running.result(60)
    with pytest.raises(KeyboardInterrupt):
        programs.check_running()


def test_program_that_starts_while_all_are_terminated_ends(monkeypatch):
    monkeypatch.setattr(programs, "_stopped", threading.Event())
    programs.terminate_all()
    with pytest.raises(DataContainerError, match="sleep failed: "):
        programs.run(["sleep", "100"], "sleep")


def test_run_the_packer_shows_its_lines_with_the_mark_as_progress(monkeypatch):
    shown = []
    monkeypatch.setattr(programs, "log_packer_line", lambda line, _: shown.append(line))
    # The second word of a command of the packer is the beginning of its lines of progress.
    assert programs.run(["sh", "-c", "echo result; echo '-c: 3 of 10 files' >&2; echo other >&2"], "") == "result\n"
    assert shown == ["3 of 10 files"]


def test_run_ends_the_program_when_a_line_is_refused(tmp_path):
    def refuse(line: str) -> None:
        raise ValueError(line)

    # The shell ends at once, although its child does not; the child has no pipes to this process.
    script = "trap exit TERM; echo line; sleep 20 <&- >&- 2>&- & wait; touch ended"
    with pytest.raises(ValueError, match="line"):
        programs.run(["sh", "-c", script], "sh", folder=tmp_path, handle=refuse)
    assert not (tmp_path / "ended").exists()
