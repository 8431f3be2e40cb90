"""Slurm: the jobs of a run that ended."""

import logging
import re
import subprocess
from contextlib import suppress

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
    with suppress(OSError, subprocess.SubprocessError):
        # The comment contains the wildcards of the job, the dataset first.
        jobs = [line.partition(" ") for line in _run("squeue", "--noheader", f"--name={name}", "--format=%i %k")]
        numbers = [number for number, _, comment in jobs if f"_wildcards_{dataset}" in comment]
        if numbers:
            _run("scancel", *numbers)
        return len(numbers)
    return 0


def _run(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=True)
    return done.stdout.splitlines()
