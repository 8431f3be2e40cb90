"""Ctrl-C before and after the first job of a run."""

import signal
import socket
import subprocess
import sys

import pytest

from datacontainer.runtime.interrupt import AGAIN, LINE
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


@pytest.mark.slow
@pytest.mark.parametrize("words", ["diff {0}/a:1 {0}/a:2", "find {0}", "history {0}/a:1", "ls {0}/a:1"])
def test_ctrl_c_while_a_registry_does_not_answer_is_one_line(words):
    code = f"import sys; sys.path.insert(0, '{ROOT}/scripts'); from datacontainer.command.main import main; main()"
    with socket.create_server(("127.0.0.1", 0)) as server:
        given = words.format(f"127.0.0.1:{server.getsockname()[1]}").split()
        with subprocess.Popen([sys.executable, "-c", code, *given], stderr=subprocess.PIPE) as process:
            server.settimeout(60)
            connection, _ = server.accept()
            process.send_signal(signal.SIGINT)
            errors = process.communicate(timeout=60)[1]
        connection.close()
    assert (errors, process.returncode) == (AGAIN, -signal.SIGINT)
