"""Tests fork a process that has imported libraries: such a run, and its jobs, are like those that a user starts."""

import os
import subprocess
import sys
import time
from contextlib import suppress

import psutil

from tools.workflow import ROOT, SNAKEMAKE, warm_python, warmed

SNAKEFILE = """
rule all:
    shell:
        "umask; pwd; echo $WORD; cat; exit 3"

rule wait:
    shell:
        "echo started; exec sleep 600"
"""


def test_warm_run_has_the_folder_files_umask_variables_and_status_of_its_command(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "input").write_text("from the input\n")
    words, done = [*SNAKEMAKE, "--cores", "1", "--quiet", "all"], []
    for further in ({}, {"PYTHONHASHSEED": "1"}):
        variables = {**os.environ, "WORD": "\udc80", **further}
        assert (warmed(words, variables) == words) is bool(further)
        with open(tmp_path / "input") as file:
            options = {"stdin": file, "stdout": -1, "stderr": -2, "umask": 0o027, "cwd": tmp_path, "env": variables}
            done.append(subprocess.run(warmed(words, variables), **options, check=False))
    warm, cold = done
    assert b"0027\n%b\n\x80\nfrom the input\n" % os.fsencode(tmp_path) in warm.stdout
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout) == (1, warm.stdout)


def test_warm_job_has_the_output_and_status_of_python():
    launcher = f"{warm_python(os.environ.get('PYTHONPATH', ''))}.bin/python"
    words = [ROOT / "scripts/datacontainer", "ls", "/nothing"]
    warm, cold = (subprocess.run([one, *words], capture_output=True, check=False) for one in (launcher, sys.executable))
    assert (warm.returncode, warm.stdout, warm.stderr) == (cold.returncode, cold.stdout, cold.stderr)
    assert warm.returncode > 1 and b"/nothing" in warm.stderr


def test_warm_run_ends_with_its_command(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    words = warmed([*SNAKEMAKE, "--cores", "1", "wait"], os.environ)
    with subprocess.Popen(words, stdout=-1, stderr=-2, cwd=tmp_path) as asking:
        for line in asking.stdout:
            if line == b"started\n":
                break
        running = [one for one in psutil.process_iter() if works_in(one, tmp_path)]
        asking.kill()
    assert len(running) >= 3
    end = time.monotonic() + 60
    while any(works_in(one, tmp_path) for one in running) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [one for one in running if works_in(one, tmp_path)]


def works_in(process: psutil.Process, folder: os.PathLike) -> bool:
    """Whether a process runs in a folder."""
    with suppress(psutil.Error):
        return process.cwd() == os.fspath(folder)
    return False
