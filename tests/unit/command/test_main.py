"""The command line without a command."""

import os

import pytest

from datacontainer import __version__
from datacontainer.command.main import main


def test_main_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"datacontainer {__version__}\n"


@pytest.mark.parametrize("threads", ["", "3"])
def test_main_computes_in_one_thread_unless_the_user_sets_the_number(threads, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", threads)
    if not threads:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    with pytest.raises(SystemExit):
        main(["--version"])
    assert os.environ["OPENBLAS_NUM_THREADS"] == (threads or "1")
