"""Ctrl-C before and after the first job of a run."""

import signal
import subprocess
import sys

import pytest

from datacontainer.runtime.interrupt import LINE
from tools.workflow import ROOT


@pytest.mark.parametrize(
    ("arguments", "end"),
    [
        ("", LINE),
        ("lambda: print('gone', file=sys.stderr, flush=True)", b"gone\n"),
        ("jobs=lambda: True", b"KeyboardInterrupt\n"),
    ],
)
def test_stop_at_ctrl_c_ends_the_process_with_one_line_until_there_are_jobs(arguments, end):
    code = f"import signal, sys; sys.path.insert(0, '{ROOT}/scripts')\n"
    code += "from datacontainer.runtime.interrupt import stop_at_ctrl_c\n"
    code += f"stop_at_ctrl_c({arguments})\nsignal.raise_signal(signal.SIGINT)\nprint('not reached')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGINT, b"")
    assert done.stderr.endswith(end)
    assert (b"Traceback" in done.stderr) == ("jobs" in arguments)
