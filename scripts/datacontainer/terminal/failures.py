"""Failures: the errors of a run, one entry for each distinct cause."""

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from datacontainer.hash.failures import SHOWN_CAUSES, cause
from datacontainer.runtime.logs import DETAIL_INDENT, last_error

# An error about several files: jobs of other shards may report the same cause.
MANY = re.compile(r"(.*?) failed on (\d+) files?, first: (.*)", re.DOTALL)
# The end of Snakemake's message about a command.
STATUS = re.compile(r"died with \S+ \d+>|returned non-zero exit status -?\d+")
MISSING = "MissingOutputException"
# The beginning of the reason for which Slurm ended a job: what the job logged after that is a consequence.
KILLED = "Slurm ended job"
ADVICE_OF_SNAKEMAKE = "For further error details see"
NEXT = "Correct this and run the same command again: it continues with the steps that are not done."


@dataclass
class _Cause:
    text: str
    files: int = 0
    logs: list[Path] = field(default_factory=list)


class Failures:
    """The errors of the jobs that failed, and those of the run itself."""

    def __init__(self, since: float) -> None:
        """since: the start of the run, in seconds of the epoch; an older log belongs to an earlier run."""
        self._since = since
        self._jobs: dict[int, tuple[str, Path | None]] = {}
        self._run: list[str] = []
        self._status = ""

    def __bool__(self) -> bool:
        """Whether anything failed."""
        return bool(self._jobs or self._run)

    def add_job(self, job: int, title: str, logs: list[str], reason: str = "") -> None:
        """Records that a job failed. Its error is the end of its first log; reason: used without one, or if killed."""
        log = Path(logs[0]) if logs else None
        error = None if reason.startswith(KILLED) else self._error(logs)
        # A job that cannot write its log sends its error, which is an error of the run.
        if error or not self._run:
            self._jobs[job] = (error or self._without_error(title, reason), log if log and log.is_file() else None)

    def add_unfinished(self, jobs: Mapping[int, tuple[str, list[str]]]) -> None:
        """Records the errors in the logs of jobs that Snakemake neither finished nor reported.

        jobs: the title and the logs of each. Snakemake reports a process that ends without error and without its
        outputs as missing outputs of the rule; the error in the log replaces this report.
        """
        for job, (title, logs) in jobs.items():
            if self._error(logs):
                self.add_job(job, title, logs)
                self._run = [text for text in self._run if MISSING not in text]

    def add_run(self, text: str) -> None:
        """Records an error that belongs to no job."""
        if text not in self._run:
            self._run.append(text)

    def add_status(self, text: str) -> None:
        """Keeps the exit status in Snakemake's message about a command, for the job that is reported next."""
        found = STATUS.search(text)
        self._status = found[0] if found else ""

    def forget_job(self, job: int) -> None:
        """Drops the failure of a job that Snakemake tries again."""
        self._jobs.pop(job, None)

    def headline(self, job: int) -> str:
        """The first line of a job's error."""
        return self._jobs[job][0].partition("\n")[0] if job in self._jobs else f"job {job} failed"

    def lines(self) -> Iterator[str]:
        """The errors, each with its log, and in the last line the next step."""
        causes = self._causes()
        yield from self._run
        for one, following in zip_longest(causes[:SHOWN_CAUSES], causes[1:SHOWN_CAUSES]):
            yield one.text
            if one.logs and not (following and following.logs == one.logs):
                more = f", and {len(one.logs) - 1} more in the same folder" if len(one.logs) > 1 else ""
                yield f"  log: {one.logs[0]}{more}"
        if len(causes) > SHOWN_CAUSES:
            yield f"{len(causes) - SHOWN_CAUSES} more causes: the logs of the failed jobs list them"
        if causes:
            yield NEXT

    def _error(self, logs: list[str]) -> str | None:
        """The error in the first log, if this run wrote it."""
        log = Path(logs[0]) if logs else Path()
        return last_error(log) if log.is_file() and log.stat().st_mtime >= self._since else None

    def _causes(self) -> list[_Cause]:
        causes: dict[Hashable, _Cause] = {}
        entries = [(text, log) for job, log in self._jobs.values() for text in _entries(job)]
        for text, log in sorted(entries, key=lambda one: (MANY.sub(r"\1\3", one[0]), str(one[1]))):
            found = MANY.fullmatch(text)
            one = causes.setdefault((found[1], cause(found[3])) if found else text, _Cause(text))
            one.files += int(found[2]) if found else 0
            one.logs += [log] if log else []
        return [_summed(one) for one in sorted(causes.values(), key=lambda one: -one.files)]

    def _without_error(self, title: str, reason: str) -> str:
        if reason:
            return f"error: {title}: {' '.join(reason.partition(ADVICE_OF_SNAKEMAKE)[0].split())}"
        if "SIGKILL" in self._status:
            hint = "the system killed the process, most often for lack of memory: use fewer --cores, or more mem_mb"
        else:
            hint = "its process ended without an error message; the log has its last lines"
        return f"error: {title}: {self._status or 'the job failed'}: {hint}"


def _entries(text: str) -> list[str]:
    """The errors of a job about functions, each with the beginning of the first; any other text as a whole."""
    first, *others = text.split(f"\n{DETAIL_INDENT}")
    title = first.partition("the metadata function")[0]
    return [first, *(f"{title}{one}" for one in others)] if MANY.fullmatch(first) else [text]


def _summed(cause: _Cause) -> _Cause:
    """The cause with the number of files of all its jobs."""
    if found := MANY.fullmatch(cause.text):
        noun = "file" if cause.files == 1 else "files"
        cause.text = f"{found[1]} failed on {cause.files} {noun}, first: {found[3]}"
    return cause
