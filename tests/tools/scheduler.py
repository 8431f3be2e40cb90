"""Fake commands of LSF, PBS and Grid Engine: each job starts immediately, in the background on this machine.

They accept the options in our profiles and print the documented output of the real commands, nothing more.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

# Each job has its own TMPDIR, and no home.
START = """\
n=1; while ! mkdir "$JOBS/$n" 2>/dev/null; do n=$((n + 1)); done
mkdir "$JOBS/$n/tmp"
printf '%s\\n' "$*" >"$JOBS/$n/submitted"
for script; do :; done
export HOME=/nonexistent TMPDIR="$JOBS/$n/tmp"
(sh "$script" >"$JOBS/$n/log" 2>&1; echo $? >"$JOBS/$n/status") >/dev/null 2>&1 &
"""
STATUS = """\
for id; do :; done
status=$(cat "$JOBS/${id%.server}/status" 2>/dev/null)
"""
COMMANDS = {
    "lsf": {
        "bsub": START + 'echo "Job <$n> is submitted to default queue <normal>."',
        "bjobs": STATUS + 'case $status in "") echo RUN;; 0) echo DONE;; *) echo EXIT;; esac',
    },
    "pbs": {
        "qsub": START + "echo $n.server",
        "qstat": STATUS
        + """\
printf 'Job Id: %s\\n    Job_Name = GROUP\\n' "$id"
if [ -z "$status" ]; then echo "    job_state = R"; exit; fi
printf '    job_state = F\\n    Exit_status = %s\\n' "$status"
""",
    },
    "sge": {
        "qsub": START + "echo $n",
        "qstat": STATUS + '[ -z "$status" ]',
        "qacct": STATUS
        + """\
[ -n "$status" ] || { echo "error: job id $id not found" >&2; exit 1; }
printf 'qname        all.q\\nfailed       0    \\nexit_status  %s    \\n' "$status"
""",
    },
}


@dataclass(frozen=True)
class Scheduler:
    """The fake commands of a scheduler, in a folder for PATH, and the folder with the records of their jobs."""

    name: str
    commands: Path
    jobs: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which the fake commands are found."""
        return {"PATH": f"{self.commands}:{os.environ['PATH']}", "JOBS": str(self.jobs)}

    def submitted(self) -> list[str]:
        """The arguments of each job's submission."""
        return [path.read_text() for path in sorted(self.jobs.glob("*/submitted"))]

    def left_behind(self) -> list[Path]:
        """The files that jobs left in their temporary folders."""
        return list(self.jobs.glob("*/tmp/*"))


@pytest.fixture
def scheduler(request: pytest.FixtureRequest, _with_plugins: None, tmp_path: Path) -> Scheduler:
    """The fake commands of the scheduler that the test selects with an indirect parameter."""
    commands, jobs = tmp_path / "commands", tmp_path / "jobs"
    commands.mkdir()
    jobs.mkdir()
    for name, text in COMMANDS[request.param].items():
        (commands / name).write_text(f"#!/bin/sh\n{text}\n")
        (commands / name).chmod(0o755)
    return Scheduler(request.param, commands, jobs)
