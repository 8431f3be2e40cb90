"""Messages about jobs on Slurm, and the states that the executor plugin gets."""

import asyncio
import sys
from types import ModuleType, SimpleNamespace

import pytest

from datacontainer.terminal import slurm
from datacontainer.terminal.slurm import NO_ACCOUNTING, SILENT, Watch, choose_status_command, watched

ASK = "squeue --name run"
NO_HOME = """\
  File "/x/snakemake/sourcecache.py", line 791, in __init__
    os.makedirs(self.cache_path, exist_ok=True)
  File "<frozen os>", line 225, in makedirs
PermissionError: [Errno 13] Permission denied: '/home/me'
"""
OUTPUT = "srun: x\nerror: hash lab: the disk is full: 'a'\n[Sun] Error in rule hash\n"


def job(attempt=1, restart_times=2):
    resources = {"mem_mb": 1000, "runtime": 30}
    rule = SimpleNamespace(name="hash")
    return SimpleNamespace(
        rule=rule, wildcards={"dataset": "lab"}, resources=resources, attempt=attempt, restart_times=restart_times
    )


@pytest.fixture
def lines():
    return []


@pytest.fixture
def watch(lines, monkeypatch):
    monkeypatch.setattr(slurm, "_queue", lambda _: {"7": ("n1", "PartitionTimeLimit")})
    watch = Watch(lines.append)
    watch.jobs = {"7": job()}
    return watch


def test_answer_without_an_answer_of_slurm_is_empty_and_printed_once(watch, lines):
    assert [watch.answer(ASK, None), watch.answer(ASK, None)] == [{}, {}]
    assert lines == [SILENT]
    assert watch.answer(ASK, {"7": "RUNNING"}) == {"7": "RUNNING"}
    assert lines == [SILENT, "Slurm answers again"]


def test_answer_cancelled_by_a_user_of_sacct_is_the_word_that_the_plugin_knows(watch):
    assert watch.answer(ASK, {"7": "CANCELLED by 1000"}) == {"7": "CANCELLED"}


def test_answer_job_that_slurm_forgets_counts_as_cancelled_after_three_answers(watch):
    watch.answer(ASK, {"7": "RUNNING"})
    assert [watch.answer(ASK, {}) for _ in range(3)] == [{}, {}, {"7": "CANCELLED"}]
    assert "(LOST): Slurm does not know the job any more" in watch.reason("7", job(), "", "")


def test_answer_job_that_slurm_does_not_know_yet_is_waited_for(watch):
    assert [watch.answer(ASK, {}) for _ in range(5)] == [{}] * 5


@pytest.mark.parametrize(("requeues", "state"), [(True, "PREEMPTED"), (False, "CANCELLED")])
def test_answer_preempted_job_ends_if_slurm_does_not_start_it_again(watch, requeues, state):
    watch.requeues = requeues
    assert watch.answer(ASK, {"7": "PREEMPTED"}) == {"7": state}
    assert watch.is_free("7")


def test_answer_task_of_an_array_has_the_state_of_the_array(watch):
    watch.jobs = {"7_2": job()}
    watch.requeues = False
    assert watch.answer(ASK, {"7": "PREEMPTED"}) == {"7": "PREEMPTED", "7_2": "CANCELLED"}


def test_answer_job_that_slurm_starts_again_is_printed(watch, lines):
    watch.answer(ASK, {"7": "RUNNING"})
    watch.answer(ASK, {"7": "PENDING"})
    assert lines == ["hash lab: Slurm stopped job 7 on n1 and starts it again later"]


def test_answer_job_that_waits_for_an_unusual_reason_is_printed_once(watch, lines):
    for _ in range(4):
        watch.answer(ASK, {"7": "PENDING"})
    assert lines == ["hash lab: job 7 waits in Slurm's queue: PartitionTimeLimit"]


@pytest.mark.parametrize(
    ("state", "output", "attempt", "text"),
    [
        ("TIMEOUT", "", 1, "Slurm ended job 7 on n1 (TIMEOUT): it ran longer than the 30 minutes that it requested"),
        ("FAILED", "slurmstepd: error: Exceeded job memory limit", 3, "--set-resources hash:mem_mb=… requests more"),
        ("FAILED", "Detected 1 oom_kill event in StepId=7.0", 1, "Slurm ended job 7 on n1 (OUT_OF_MEMORY)"),
        ("FAILED", OUTPUT, 1, "the disk is full: 'a'"),
        (
            "FAILED",
            NO_HOME,
            1,
            "cannot write its cache on n1 (Permission denied: '/home/me'): export XDG_CACHE_",
        ),
        ("FAILED", "", 1, "job 7 on n1 of Slurm ended with FAILED"),
    ],
)
def test_reason_names_job_node_state_and_at_the_last_attempt_the_remedy(watch, state, output, attempt, text):
    watch.answer(ASK, {"7": state})
    found = watch.reason("7", job(attempt), output, "SLURM-job '7' failed")
    assert text in found
    assert ("requests more" in found) == (attempt == 3)


def test_reason_of_a_refused_job_is_the_error_of_sbatch(watch):
    text = "SLURM sbatch failed. The error message was 'sbatch: error: invalid account'.\n    sbatch call:\n   x"
    assert watch.reason(None, job(), "", text).startswith("Slurm refused the job: sbatch: error: invalid account; ")


@pytest.mark.parametrize(
    ("storage", "age", "chosen"),
    [
        ("accounting_storage/slurmdbd", "2 sec", ("sacct", 15)),
        ("accounting_storage/none", "300 sec", ("squeue", 15)),
        ("(null)", "40 sec", ("squeue", 10)),
    ],
)
def test_choose_status_command_takes_squeue_where_there_is_no_accounting(tmp_path, monkeypatch, storage, age, chosen):
    program = tmp_path / "scontrol"
    program.write_text(
        f"#!/bin/sh\necho 'AccountingStorageType   = {storage}'\necho 'MinJobAge               = {age}'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    settings = SimpleNamespace(status_command="sacct", init_seconds_before_status_checks=15)
    lines = []
    choose_status_command(settings, lines.append)
    assert (settings.status_command, settings.init_seconds_before_status_checks) == chosen
    assert lines == [NO_ACCOUNTING] * (chosen[0] == "squeue")


class Plugin:
    """An executor without the names that `watched` uses."""

    def __init__(self):
        self.reported = []
        self.__post_init__()

    def __post_init__(self):
        pass

    def check_active_jobs(self, active_jobs):
        return active_jobs

    async def sleep(self):
        self.reported.append("slept")

    def run_jobs(self, jobs):
        self.reported += jobs

    def report_job_error(self, _, msg=None):
        self.reported.append(msg)


@pytest.fixture
def module(monkeypatch):
    """The module of the plugin."""

    async def query_job_status(*_):
        return {"7": "RUNNING"}, 0.1

    module = ModuleType("plugin")
    module.query_job_status = query_job_status
    monkeypatch.setitem(sys.modules, "plugin", module)
    monkeypatch.setattr(Plugin, "__module__", "plugin")
    return module


@pytest.mark.parametrize(("first", "most"), [(15, 45), (40, 60)])
def test_watched_interval_is_at_most_a_minute(module, lines, first, most):
    executor = watched(Plugin, lines.append)()
    settings = SimpleNamespace(init_seconds_before_status_checks=first)
    executor.workflow = SimpleNamespace(executor_settings=settings)
    executor._failed_nodes = {"n1", "None assigned"}
    executor.next_seconds_between_status_checks = 180
    asyncio.run(executor.sleep())
    assert executor.next_seconds_between_status_checks == most
    assert executor._failed_nodes == {"n1"}
    assert module.query_job_status.__module__ == slurm.__name__


def test_watched_preempted_job_keeps_its_attempt(module, lines, watch, monkeypatch):
    monkeypatch.setattr(slurm, "Watch", lambda _: watch)
    executor = watched(Plugin, lines.append)()
    executor._failed_nodes = set()
    one = type("Job", (), vars(job(attempt=2)))()
    watch.requeues = False
    asyncio.run(module.query_job_status(ASK, None))
    watch.answer(ASK, {"7": "PREEMPTED"})
    executor.report_job_error(SimpleNamespace(external_jobid="7", job=one, aux={}), "failed")
    assert "(PREEMPTED)" in executor.reported[-1]
    executor.run_jobs([one])
    executor.run_jobs([one])
    assert one.attempt == 1


def test_watched_changed_plugin_loses_only_messages(module, lines):
    executor = watched(Plugin, lines.append)()
    executor.run_jobs(["job"])
    asyncio.run(executor.sleep())
    executor.report_job_error(object(), "failed")
    assert executor.check_active_jobs(["info"]) == ["info"]
    assert asyncio.run(module.query_job_status(ASK, None)) == ({"7": "RUNNING"}, 0.1)
    assert executor.reported == ["job", "slept", "failed"]
    assert lines == []
