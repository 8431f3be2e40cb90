"""The command line without a command."""

import pytest

from datacontainer import __version__
from datacontainer.command.main import main


def test_main_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"datacontainer {__version__}\n"
