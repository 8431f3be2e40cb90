"""The main process is killed while its jobs live on: the next run waits until they have ended."""

import os
import subprocess

import pytest

from tools.engines import TIMEOUT_SECONDS
from tools.lost import FUNCTION, end_session, kill_main, record, state, wait_for_record
from tools.scheduler import Scheduler
from tools.trees import fill
from tools.workflow import NOTHING, ROOT, Project, command


def start(project: Project, *options: str, **environment: str) -> subprocess.Popen[str]:
    """Starts a build in its own session."""
    return subprocess.Popen(
        command("--cores", "2", "catalog", *options),
        cwd=project.folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("scheduler", ["lsf"], indirect=True)
def test_jobs_of_a_killed_run_end_before_the_next_run_begins(scheduler: Scheduler, project: Project):
    fill(project.folder / "data", {b"a": b"1", b"b": b"2"})
    (project.folder / "mine.py").write_text(FUNCTION)
    project.configure(lost={"path": "data", "metadata": ["mine.py:recorded"]})
    profile = ["--profile", str(ROOT / "profiles/lsf"), "--seconds-between-status-checks", "1"]
    cluster = start(project, *profile, **scheduler.environment)
    here = after = None
    try:
        kill_main(cluster, project, works=1)
        # The jobs of the cluster are on this machine, and in no session of the test.
        here = start(project)
        text = kill_main(here, project, works=2)
        assert "dataset 'lost': waiting until an earlier job ends (hash-batch-0: process " in text
        after = start(project)
        wait_for_record(project, 3, after)
        (project.folder / "go").touch()
        text = after.communicate(timeout=TIMEOUT_SECONDS)[0]
        assert after.returncode == 0, text
    finally:
        (project.folder / "go").touch()
        for one in filter(None, (cluster, here, after)):
            end_session(one)
    assert "waiting until an earlier job ends (hash-batch-0: process " in text
    assert [line.split(" ", 2)[2] for line in record(project)] == ["alone"] * 3
    assert NOTHING in project.build("catalog")
    # A job that the killed run submitted, and that the cluster starts only now.
    script = next(one.split()[-1] for one in scheduler.submitted() if "snakejob.hash." in one)
    before = state(project.folder / "results")
    late = subprocess.run(["sh", script], capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
    assert late.returncode != 0
    assert "error: this job ends: its run ended, and a later run (process " in late.stdout + late.stderr
    assert state(project.folder / "results") == before
