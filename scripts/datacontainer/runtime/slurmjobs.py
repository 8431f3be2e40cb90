"""Slurm: the jobs of a run that ended."""

import logging
import re
import subprocess
from contextlib import suppress
from functools import cache

from datacontainer.runtime.lock import note_slurm

# Snakemake's plugin for Slurm logs the name that all jobs of a run have.
NAME = re.compile(r"SLURM run ID: ([\w-]+)$")
ANSWER_SECONDS = 60


def note_name(record: logging.LogRecord) -> bool:
    """A filter of Snakemake's logger that passes all records: notes the name of this run's jobs beside its locks."""
    if isinstance(record.msg, str) and (found := NAME.match(record.msg)):
        note_slurm(found[1])
    return True


def cancel_jobs(name: str, dataset: str) -> int:
    """Cancels the jobs with a name that handle a dataset; returns their number, 0 if Slurm does not answer."""
    # The comment ends with the wildcards of the job, the dataset first.
    of_dataset = re.compile(rf"_wildcards_{re.escape(dataset)}(_(batch-|linux-)\w+)?$")
    numbers = [number for number, _, comment in _queued(name) if of_dataset.search(comment)]
    if numbers:
        _answer("scancel", *numbers)
    return len(numbers)


@cache
def _queued(name: str) -> list[tuple[str, str, str]]:
    """The number, a space, and the comment of each job with a name; Slurm is asked once for all datasets of a run."""
    return [line.partition(" ") for line in _answer("squeue", "--noheader", f"--name={name}", "--format=%i %k")]


def _answer(*command: str) -> list[str]:
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True)
        return done.stdout.splitlines()
    return []
