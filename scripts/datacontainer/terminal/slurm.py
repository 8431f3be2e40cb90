"""Slurm: messages about jobs that Slurm ends or holds, and states on which the executor plugin would wait forever.

docs/decisions/0030-runs-on-slurm.md gives the reasons.
"""

import re
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from datacontainer.terminal.failures import KILLED
from datacontainer.terminal.progressline import title_of

# The most between two questions to Slurm, also as a multiple of the first interval; the plugin waits up to 180 s.
POLL_SECONDS, POLL_FACTOR = 60, 3
ANSWER_SECONDS = 30
OUTPUT_BYTES = 1 << 16
# The number of answers that lack a job until it counts as lost: accounting may lag behind.
ABSENT_ANSWERS = 3
# The number of answers with the same reason until a job that waits for it gets a line.
WAITING_ANSWERS = 2
LOST, PREEMPTED, NO_MEMORY = "LOST", "PREEMPTED", "OUT_OF_MEMORY"
# Why Slurm ended a job, and what to do if the run does not try again. {…}: resources of the job, and its rule.
ENDS = {
    NO_MEMORY: ("it used more than the {mem_mb} MB that it requested", "--set-resources {rule}:mem_mb=… requests more"),
    "TIMEOUT": (
        "it ran longer than the {runtime} minutes that it requested",
        "--set-resources {rule}:runtime=… requests more",
    ),
    "NODE_FAIL": ("the node failed, and this run does not use it any more", "the node may need its administrator"),
    "CANCELLED": ("a user or an administrator cancelled it", "find out who did and why"),
    PREEMPTED: ("a job with a higher priority took its place", "--retries 2 tries again"),
    LOST: ("Slurm does not know the job any more", "the administrator may know the cause"),
}
# Lines of Slurm in the output of a job that exceeded its memory. Its state is FAILED if only a step was killed.
MEMORY = re.compile(r"exceeded .*memory limit|oom.kill|out of memory", re.IGNORECASE)
# The end of the trace of Snakemake in a job on a node without a home folder.
NO_CACHE = re.compile(r"sourcecache\.py.*^\w+Error: (?:\[Errno \d+\] )?([^\n]*)", re.MULTILINE | re.DOTALL)
REFUSED = re.compile(r"The error message was '(.*?)'\.?\n", re.DOTALL)
USUAL_REASONS = ("", "None", "Priority", "Resources", "BeginTime", "Dependency", "JobArrayTaskLimit")
SILENT = "Slurm does not answer; its jobs continue, and the run asks again"
NO_ACCOUNTING = "this Slurm has no accounting: the run asks squeue instead of sacct for the states of jobs"
# Exceptions after a change of Snakemake, its plugin or Slurm; only messages are lost then.
CHANGED = (AttributeError, KeyError, TypeError, ValueError, OSError, subprocess.SubprocessError)


class Watch:
    """The states of a run's jobs.

    jobs: Snakemake's jobs by their number in Slurm. requeues: whether Slurm itself starts a job again.
    """

    def __init__(self, show: Callable[[str], object]) -> None:
        """show: prints a line."""
        self.jobs: dict[str, Any] = {}
        self.requeues = True
        self._show = show
        self._states: dict[str, str] = {}
        self._nodes: dict[str, str] = {}
        self._waits: Counter[tuple[str, str]] = Counter()
        self._absent: Counter[str] = Counter()
        self._silent = False

    def answer(self, command: str, states: Mapping[str, str] | None) -> dict[str, str]:
        """The states for the plugin, which forgets all jobs without an answer, and waits forever for other words.

        command: the plugin's question. states: Slurm's answer; None if there is none.
        """
        if self._silent != (states is None):
            self._silent = states is None
            self._show(SILENT if self._silent else "Slurm answers again")
        if states is None:
            return {}
        # sacct prints "CANCELLED by 1000".
        found = {job: state.partition(" ")[0] for job, state in states.items()}
        queue = _queue(command)
        for job in self.jobs:
            node, reason = queue.get(job, ("", ""))
            if self._is_over(job, found.get(job) or found.get(job.partition("_")[0], ""), node, reason):
                found[job] = "CANCELLED"
        return found

    def _is_over(self, job: str, state: str, node: str, reason: str) -> bool:
        """Takes the state of a job; returns whether the job ended and the plugin would wait for it."""
        before = self._states.get(job, "")
        self._absent[job] = 0 if state else self._absent[job] + 1
        if not state:
            lost = bool(before) and self._absent[job] >= ABSENT_ANSWERS
            self._states[job] = LOST if lost else before
            return lost
        self._states[job] = state
        self._nodes[job] = node or self._nodes.get(job, "")
        if state == PREEMPTED and not self.requeues:
            return True
        if before == "RUNNING" and state in ("PENDING", "REQUEUED", PREEMPTED):
            self._show(f"{self._title(job)}: Slurm stopped job {job}{self._on(job)} and starts it again later")
        elif state == "PENDING" and reason not in USUAL_REASONS:
            self._waits[job, reason] += 1
            if self._waits[job, reason] == WAITING_ANSWERS:
                self._show(f"{self._title(job)}: job {job} waits in Slurm's queue: {reason}")
        return False

    def _title(self, job: str) -> str:
        return title_of(self.jobs[job].rule.name, self.jobs[job].wildcards)

    def _on(self, job: str) -> str:
        return f" on {self._nodes[job]}" if self._nodes.get(job) else ""

    def reason(self, number: str | None, job: Any, output: str, text: str) -> str:
        """Why a job failed. number: in Slurm. output: the end of what it printed. text: the plugin's message."""
        if number is None:
            found = REFUSED.search(text)
            advice = "correct slurm_account, slurm_partition or the resources of the job in the profile"
            return f"Slurm refused the job: {found[1]}; {advice}" if found else text
        state = NO_MEMORY if MEMORY.search(output) else self._states.get(number, "")
        if state not in ENDS:
            if found := NO_CACHE.search(output):
                why = f"Snakemake cannot write its cache{self._on(number)} ({found[1]})"
                return f"{why}: export XDG_CACHE_HOME=… names a folder that every node can write"
            # A job that cannot log its error prints it.
            printed = re.findall(rf"^error: {re.escape(self._title(number))}: (.*)", output, re.MULTILINE)
            return (
                printed[-1] if printed else f"job {number}{self._on(number)} of Slurm ended with {state or 'an error'}"
            )
        values = {"rule": job.rule.name, **{one: job.resources.get(one) for one in ("mem_mb", "runtime")}}
        why, advice = (one.format(**values) for one in ENDS[state])
        again = job.restart_times >= job.attempt
        return f"{KILLED} {number}{self._on(number)} ({state}): {why}{'' if again else f'; {advice}'}"

    def is_free(self, number: str | None) -> bool:
        """Whether the next attempt does not count, as a job may be preempted any number of times."""
        return self._states.get(number or "") == PREEMPTED

    def failed_node(self, number: str | None) -> set[str]:
        """The node of a job that failed with its node; the plugin finds it with sacct only."""
        node = self._nodes.get(number or "")
        return {node} if node and self._states.get(number or "") == "NODE_FAIL" else set()


def _queue(command: str) -> dict[str, tuple[str, str]]:
    """The node and the reason of each job with the name in the plugin's question; {} without an answer."""
    try:
        name = command.partition("--name")[2].split(maxsplit=1)[0]
        words = ["squeue", "--noheader", "--states=all", "--format=%i|%N|%r", "--name", name]
        text = subprocess.run(words, capture_output=True, text=True, check=True, timeout=ANSWER_SECONDS).stdout
        return {job: (node, reason) for job, node, reason in (line.split("|", 2) for line in text.splitlines())}
    except (*CHANGED, IndexError):
        return {}


def _end_of(file: Any) -> str:
    """The end of a file; "" without the file."""
    try:
        with open(file, "rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - OUTPUT_BYTES))
            return stream.read().decode(errors="backslashreplace")
    except (OSError, TypeError):
        return ""


def choose_status_command(settings: Any, show: Callable[[str], object]) -> None:
    """Makes the plugin ask squeue on a cluster without accounting, where sacct never knows a job.

    settings: of the plugin.
    """
    words = ["scontrol", "show", "config"]
    text = subprocess.run(words, capture_output=True, text=True, check=True, timeout=ANSWER_SECONDS).stdout
    values = dict(re.findall(r"^(\w+)\s*=\s*(\S+)", text, re.MULTILINE))
    if values["AccountingStorageType"] not in ("accounting_storage/none", "(null)"):
        return
    if settings.status_command == "sacct":
        settings.status_command = "squeue"
        show(NO_ACCOUNTING)
    # squeue forgets a job after MinJobAge, and the plugin asks sacct if that is less than three intervals.
    most = max(1, int(values["MinJobAge"]) // (POLL_FACTOR + 1))
    settings.init_seconds_before_status_checks = min(most, settings.init_seconds_before_status_checks)


def watched(base: Any, show: Callable[[str], object]) -> Any:
    """The plugin's executor class, with messages and with questions every POLL_SECONDS. show: prints a line."""
    # Snakemake prints it for each resource that depends on the size of an input.
    warnings.filterwarnings("ignore", message="coroutine 'InputFiles", category=RuntimeWarning)
    plugin: Any = sys.modules[base.__module__]
    watch, free = Watch(show), set[Any]()

    class Watched(base):  # type: ignore[misc]
        next_seconds_between_status_checks: float

        def __post_init__(self, *arguments: Any, **named: Any) -> None:
            with suppress(*CHANGED):
                watch.requeues = not self.workflow.executor_settings.no_requeue
                choose_status_command(self.workflow.executor_settings, show)
            super().__post_init__(*arguments, **named)

        def check_active_jobs(self, active_jobs: Any) -> Any:
            with suppress(*CHANGED):
                watch.jobs = {one.external_jobid: one.job for one in active_jobs}
            return super().check_active_jobs(active_jobs)

        def run_jobs(self, jobs: Any) -> None:
            with suppress(*CHANGED):
                for job in free.intersection(jobs):
                    job.attempt -= 1
                free.difference_update(jobs)
            super().run_jobs(jobs)

        async def sleep(self) -> None:
            with suppress(*CHANGED):
                # sacct names no node of a job that Slurm starts again, and sbatch refuses these words.
                self._failed_nodes.discard("None assigned")
                most = min(
                    POLL_SECONDS, POLL_FACTOR * self.workflow.executor_settings.init_seconds_before_status_checks
                )
                self.next_seconds_between_status_checks = min(most, self.next_seconds_between_status_checks)
            await super().sleep()

        def report_job_error(self, job_info: Any, msg: str | None = None, **named: Any) -> None:
            with suppress(*CHANGED):
                number, job = job_info.external_jobid, job_info.job
                self._failed_nodes |= watch.failed_node(number)
                output = _end_of((job_info.aux or {}).get("slurm_logfile"))
                # Snakemake appends a sentence.
                msg = f"{watch.reason(number, job, output, msg or '')}\n"
                if watch.is_free(number):
                    free.add(job)
            super().report_job_error(job_info, msg=msg, **named)

    ask: Any = getattr(plugin, "query_job_status", None)

    async def query(command: str, logger: Any) -> Any:
        states, seconds = await ask(command, logger)
        with suppress(*CHANGED):
            return watch.answer(command, states), seconds or 0.0
        return states, seconds

    plugin.query_job_status = query
    return Watched
