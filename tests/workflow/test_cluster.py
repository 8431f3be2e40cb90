"""The profiles for cluster schedulers, tested with simulated scheduler commands; tests/engines tests a real Slurm."""

import os
import re
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from tools.scheduler import Scheduler
from tools.trees import fill
from tools.workflow import ROOT, Project, fails, run

FUNCTION = """
import tempfile
from pathlib import Path

def second_time(path):
    mark = Path("was-here")
    if not mark.exists():
        mark.touch()
        raise ValueError("not the first time")
    return {"tmp": tempfile.gettempdir()}
"""
EMBEDDING = f"""
rule all:
    input:
        "packed/raw/catalog.parquet",

module datacontainer:
    snakefile:
        "{ROOT}/workflow/Snakefile"
    config:
        {{"outdir": "packed", "datasets": {{"raw": {{"path": "data", "metadata": ["mine.py:second_time"]}}}}}}

use rule * from datacontainer as dc_*

onerror:
    datacontainer.print_failures()
"""
QUICK = ["--seconds-between-status-checks", "1", "--latency-wait", "10"]


def on_cluster(scheduler: Scheduler, project: Project, *arguments: str):
    """Runs the workflow with the profile of the scheduler, on nodes that share only the working directory."""
    profile = ["--profile", str(ROOT / "profiles" / scheduler.name)]
    environment = {**scheduler.environment, "XDG_CACHE_HOME": str(project.folder / "cache")}
    return project.snakemake(*profile, *QUICK, *arguments, environment=environment)


@pytest.fixture
def failing(project: Project) -> Project:
    """A project whose function fails at its first call."""
    fill(project.folder / "data", {b"a": b"1"})
    (project.folder / "mine.py").write_text(FUNCTION)
    project.configure(fruit={"path": "data", "metadata": ["mine.py:second_time"]})
    return project


@pytest.mark.parametrize(
    ("scheduler", "memory"),
    [("lsf", r"-M (\d+)MB"), ("pbs", r"mem=(\d+)mb"), ("sge", r"mem_free=(\d+)M")],
    indirect=["scheduler"],
)
def test_cluster_profile_retries_a_failed_job_with_more_memory(scheduler, memory, failing: Project):
    run = on_cluster(scheduler, failing, "catalog")
    assert run.status == 0, run.text
    # The last lines are the summary, not the error of the first attempt.
    assert "\nfruit:1.0: 1 file, 1 B" in run.text.rpartition("trying again")[2], run.text
    (row,) = pq.read_table(failing.product("fruit", "catalog.parquet")).to_pylist()
    assert Path(row["tmp"]).parent.parent == scheduler.jobs
    assert scheduler.left_behind() == []
    requested = [int(re.search(memory, line)[1]) for line in scheduler.submitted() if re.search(r"\bhash\b", line)]
    assert len(requested) == 2
    assert max(requested) == 2 * min(requested)


@pytest.mark.parametrize("scheduler", ["lsf"], indirect=True)
def test_cluster_failing_job_prints_its_cause_once(scheduler, failing: Project):
    limits = ["--resources", "max_runtime=5", "max_mem_mb=600"]
    run = on_cluster(scheduler, failing, "catalog", "--retries", "0", *limits)
    assert run.status != 0
    assert [line[:18] for line in run.text.splitlines() if "not the first time" in line] == ["error: hash fruit:"]
    # Each request that the limits cut is a line, once.
    for rule in ("scan", "hash"):
        assert run.text.count(f"note: {rule} fruit asks for 5 instead of 11 minutes, because of max_runtime: ") == 1
        assert run.text.count(f"note: {rule} fruit asks for 600 instead of ") == 1
    assert all("-M 600MB -W 5" in line for line in scheduler.submitted())


@pytest.mark.parametrize("scheduler", ["lsf"], indirect=True)
def test_cluster_embedding_workflow_with_print_failures_prints_the_cause(scheduler, failing: Project):
    (failing.folder / "Snakefile").write_text(EMBEDDING)
    run = on_cluster(scheduler, failing, "--retries", "0", "--snakefile", "Snakefile")
    assert run.status != 0
    assert [line[:16] for line in run.text.splitlines() if "not the first time" in line] == ["error: hash raw:"]


@pytest.mark.parametrize("scheduler", ["lsf"], indirect=True)
def test_pack_profile_submits_jobs_and_the_own_profile_of_a_user_goes_first(scheduler, project: Project, tmp_path):
    fill(project.folder / "data", {b"a": b"1"})
    # The cache has Go's compiled library.
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    settings = {**scheduler.environment, "XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": cache}
    words = [sys.executable, ROOT / "scripts/datacontainer", "pack", "data", "--profile", "lsf", "--target", "catalog"]
    done = run([*words, "--", "--until", "scan", *QUICK], project.folder, settings)
    assert (done.status, "results/data/catalog.parquet" in done.text) == (0, False), done.text
    (scan,) = scheduler.submitted()
    assert scan.startswith("-J scan -n 2 -M ")
    own = yaml.safe_load((ROOT / "profiles/lsf/profile.yaml").read_text())
    own["cluster-generic-submit-cmd"] = own["cluster-generic-submit-cmd"].replace("bsub ", "bsub -P lab ")
    (tmp_path / "snakemake/lsf").mkdir(parents=True)
    (tmp_path / "snakemake/lsf/profile.yaml").write_text(yaml.safe_dump(own))
    done = run([*words, "--cores", "1", "--", *QUICK], project.folder, settings)
    assert done.status == 0, done.text
    assert [line.split()[:6] for line in scheduler.submitted()[1:]] == [
        ["-P", "lab", "-J", stage, "-n", "1"] for stage in ("hash", "aggregate")
    ]
    assert pq.read_table(project.product("data", "catalog.parquet"))["path"].to_pylist() == ["a"]


def test_local_failing_job_prints_its_cause_once_and_logs_the_trace(failing: Project):
    # No machine has this much memory: the memory that a rule requests limits cluster jobs only.
    text = fails(failing, "catalog", "--set-resources", "scan:mem_mb=1000000000")
    assert [line[:18] for line in text.splitlines() if "not the first time" in line] == ["error: hash fruit:"]
    assert "'mine.py:second_time' failed on 1 file, first: 'a': ValueError('not the first time'" in text
    (log,) = (failing.folder / "results/logs/fruit/hash").iterdir()
    assert 'mine.py", line 9, in second_time' in log.read_text()


@pytest.mark.parametrize("path", sorted((ROOT / "profiles").glob("*/profile.yaml")), ids=lambda path: path.parent.name)
def test_profiles_only_cluster_profiles_retry_jobs(path: Path):
    profile = yaml.safe_load(path.read_text())
    assert ("executor" in profile) == ("retries" in profile)
    assert profile["rerun-incomplete"] is True
    assert profile["scheduler"] == "greedy"
