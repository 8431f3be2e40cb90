"""The programs that a stage runs."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from datacontainer.runtime import programs
from datacontainer.runtime.errors import DataContainerError


def test_terminate_all_ends_the_programs_of_other_threads(monkeypatch):
    monkeypatch.setattr(programs, "_stopped", threading.Event())
    started = threading.Event()
    words = ["sh", "-c", "echo started; exec sleep 600"]
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(programs.run, words, "sleep", handle=lambda _: started.set())
        assert started.wait(60)
        programs.check_running()
        programs.terminate_all()
        with pytest.raises(DataContainerError, match="sleep failed: "):
            running.result(60)
    with pytest.raises(KeyboardInterrupt):
        programs.check_running()
