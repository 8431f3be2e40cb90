"""Counts with strace the bytes that a run, with all its processes, reads from a folder."""

import re
import sys
from collections import Counter
from pathlib import Path

from tools.engines import require_tool
from tools.workflow import Project

CALLS = "read,pread64,readv,preadv,preadv2,sendfile,copy_file_range,splice,mmap"
LINE = re.compile(r"^(?P<call>\w+)\((?P<arguments>.*)\) += (?P<result>\d+|0x[0-9a-f]+)$")


def reads(project: Project, folder: Path, *arguments: str, status: int = 0) -> dict[str, int]:
    """The number of bytes that a run of the workflow reads from each file below the folder, by relative path.

    Memory-mapped bytes count as read. The files must have plain names.
    """
    strace = require_tool("strace")
    traces = project.folder.parent / "traces"
    traces.mkdir()
    python = traces / "python"
    options = f"--follow-forks --seccomp-bpf --output-separately --decode-fds=path --string-limit=0 --trace={CALLS}"
    python.write_text(f'#!/bin/sh\nexec {strace} {options} --output={traces}/of {sys.executable} "$@"\n')
    python.chmod(0o755)
    run = project.snakemake(*arguments, python=python)
    assert run.status == status, run.text
    counts: Counter[str] = Counter()
    for trace in traces.glob("of.*"):
        counts += _count(trace, f"<{folder}/")
        trace.unlink()
    python.unlink()
    traces.rmdir()
    return dict(counts)


def _count(trace: Path, mark: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    with open(trace, errors="backslashreplace") as lines:
        for line in (line for line in lines if mark in line):
            found = LINE.match(line)
            if found is None:
                continue
            name = found["arguments"].split(mark)[1].split(">")[0]
            mapped = found["call"] == "mmap"
            counts[name] += int(found["arguments"].split(", ")[1] if mapped else found["result"])
    return counts
