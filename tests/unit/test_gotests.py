"""Go tests that root skips, run as an ordinary user."""

import os
import subprocess

import pytest

from datacontainer.entrypoint.gobuild import find_go
from tools.engines import require_root, require_tool
from tools.workflow import ROOT

OTHER_USER = "65534"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "tests"),
    [
        ("templates/entrypoint/files", ["TestVerifyUnreadableFilePrintsReason"]),
        (
            "templates/entrypoint/run",
            ["TestRunAfterAKilledRunStartsAgain", "TestRunFailedCommandLeavesItsLogAndNoResult"],
        ),
        ("packer/dataset", ["TestOpenFileWithLeaseReportsWriters"]),
    ],
)
def test_go_tests_as_an_ordinary_user_pass(package, tests, short_folder):
    require_root("starting a program as another user")
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    program = short_folder / "tests"
    subprocess.run([find_go(), "test", "-c", "-o", program, "."], cwd=ROOT / package, env=environment, check=True)
    user = [require_tool("setpriv"), f"--reuid={OTHER_USER}", f"--regid={OTHER_USER}", "--clear-groups"]
    words = [*user, program, "-test.v", "-test.timeout=300s"]
    done = subprocess.run(words, cwd=ROOT / package, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert [f"--- PASS: {test} " in done.stdout for test in tests] == [True] * len(tests)
