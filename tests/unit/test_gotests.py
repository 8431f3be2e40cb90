"""Go tests that root skips, run as an ordinary user, and the script that refuses other skips."""

import os
import subprocess

import pytest

from datacontainer.entrypoint.gobuild import find_go
from tools.engines import require_root, require_tool
from tools.trees import fill
from tools.workflow import ROOT

OTHER_USER = "65534"
GO_TEST = """package one

import "testing"

func TestParts(t *testing.T) {
	t.Run("good", func(t *testing.T) {})
	t.Run("part", func(t *testing.T) { t.Skip("REASON") })
}

func TestWhole(t *testing.T) { t.Skip("root reads every file") }
"""


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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reason", "named"),
    [("this processor does not have it", ""), ("no tool", "TestParts/part:    one_test.go:7: no tool")],
)
def test_gotest_in_ci_fails_for_a_skip_of_another_reason(tmp_path, reason, named):
    fill(tmp_path, {b"go.mod": b"module one\n", b"one.go": b"package one\n"})
    (tmp_path / "one_test.go").write_text(GO_TEST.replace("REASON", reason))
    environment = os.environ | {"CI": "1", "GO": find_go(), "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
    words = [ROOT / "tests/tools/gotest", tmp_path, "0"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == bool(named), done.stdout + done.stderr
    assert named in done.stdout
    assert ("error: a test was skipped" in done.stderr) is bool(named)
