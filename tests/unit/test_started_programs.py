"""The time limit on the programs that tests start."""

import subprocess
import time

from tools.limits import TICK_SECONDS, limit

# The first sleep keeps the pipe open after the end of sh.
SLEEPS = ["sh", "-c", "sleep 600 & echo started; sleep 600"]


def test_program_beyond_its_limit_is_killed_with_the_programs_that_it_started(capsys):
    with limit(1):
        done = subprocess.run(SLEEPS, stdout=subprocess.PIPE, check=False)
    assert (done.returncode, done.stdout) == (-9, b"started\n")
    assert capsys.readouterr().err == f"killed after 1 s (tests/tools/limits.py): {SLEEPS}\n"


def test_program_without_a_limit_or_with_a_longer_one_goes_on():
    with limit(0.1), limit(None):
        server = subprocess.Popen(["sleep", "600"])
    with limit(300):
        other = subprocess.Popen(["sleep", "600"])
    time.sleep(4 * TICK_SECONDS)
    assert (server.poll(), other.poll()) == (None, None)
    for one in (server, other):
        one.kill()
        one.wait()
