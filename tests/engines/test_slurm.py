"""The workflow on a Slurm cluster that ends jobs: they are tried again, and the causes are printed."""

import hashlib
import re

import pyarrow.parquet as pq

from datacontainer.terminal.slurm import NO_ACCOUNTING, SILENT
from tools.slurm import SlurmProject
from tools.trees import fill
from tools.workflow import Project, started

# The function of each dataset makes the first attempt of a job end in another way.
FUNCTIONS = '''
import os, re, signal, subprocess, time
from pathlib import Path

JOB, NODE = os.environ.get("SLURM_JOB_ID", ""), os.environ.get("SLURMD_NODENAME", "")
COMMANDS = {
    "cancelled": f"scancel {JOB}",
    "down": f"scontrol update nodename={NODE} state=down reason=test",
    "preempted": f"sbatch --partition urgent --nodelist {NODE} --exclusive --wrap true --output /dev/null",
    "late": f"scontrol update jobid={JOB} timelimit=1",
}

def first_attempt(name):
    """Whether this is the first job of a dataset, which then makes Slurm end it."""
    mark = Path(name)
    if not JOB or mark.exists():
        return False
    mark.write_text(JOB)
    if name in COMMANDS:
        subprocess.run(COMMANDS[name].split(), check=True)
        time.sleep(200)
    return True

def cancelled(path):
    first_attempt("cancelled")
    return {"lines": 1}

def down(path):
    first_attempt("down")
    return {"lines": 1}

def preempted(path):
    first_attempt("preempted")
    return {"lines": 1}

def silent(path):
    """Stops the server of accounting for some seconds."""
    if first_attempt("silent"):
        folder = re.search("PidFile=(.*)/database.pid", Path("/etc/slurm/slurmdbd.conf").read_text())[1]
        os.kill(int(Path(folder, "database.pid").read_text()), signal.SIGTERM)
        time.sleep(15)
        subprocess.run("slurmdbd", env={**os.environ, "MYSQL_UNIX_PORT": f"{folder}/mariadb/socket"}, check=True)
    return {"lines": 1}

def late(path):
    first_attempt("late")
    return {"lines": 1}

def greedy(path):
    """Needs more memory than a first attempt may use, and less than a second attempt."""
    if first_attempt("greedy"):
        taken = bytearray(1_200_000_000)
        taken[::4096] = b"x" * len(taken[::4096])
        time.sleep(60)
    return {"lines": 1}
'''


def test_slurm_job_on_a_node_that_fails_is_tried_again_on_another(on_slurm: SlurmProject):
    fill(on_slurm.folder / "data", {b"%02d/%04d" % (i % 40, i): b"%d" % i for i in range(400)})
    fill(on_slurm.folder / "data", {b"large": bytes(40 << 20)})
    on_slurm.configure(many={"path": "data", "shard_files": 64})
    results = on_slurm.folder / "results"
    results.mkdir()
    on_slurm.slurm("mount", "-t", "tmpfs", "-o", "size=32m", "none", results)
    text = on_slurm.snakemake("catalog", "--retries", "0").text
    on_slurm.slurm("umount", results)
    assert re.search(r"error: hash many: writing .*: the disk is full: free space on it, or set outdir to an", text), (
        text
    )
    (on_slurm.folder / "mine.py").write_text(FUNCTIONS)
    on_slurm.configure(many={"path": "data", "shard_files": 64, "metadata": ["mine.py:down"]})
    text = on_slurm.build("catalog")
    assert NO_ACCOUNTING in text
    number = (on_slurm.folder / "down").read_text()
    assert re.search(rf"error: hash many: Slurm ended job {number} on n\d \(NODE_FAIL\): .*; trying again\n", text), (
        text
    )
    text = max((on_slurm.folder / ".snakemake/log").iterdir()).read_text()
    assert re.search(r"nodes failed during job execution and were excluded from subsequent submissions: n\d\n", text)
    rows = pq.read_table(on_slurm.product("many", "catalog.parquet"), columns=["lines"])
    assert rows.column(0).to_pylist() == [1] * 401
    assert len(on_slurm.product("many", "stages/scan/shards.tsv").read_text().splitlines()) > 2
    assert "Nothing to be done" in on_slurm.build("catalog")


def test_slurm_jobs_that_slurm_ends_are_tried_again_and_their_causes_are_printed(
    on_accounting_slurm: SlurmProject,
):
    fill(on_accounting_slurm.folder / "data", {b"a": b"1"})
    (on_accounting_slurm.folder / "mine.py").write_text(FUNCTIONS)
    names = ("cancelled", "down", "preempted", "late", "greedy", "silent")
    on_accounting_slurm.configure(**{name: {"path": "data", "metadata": [f"mine.py:{name}"]} for name in names})
    text = on_accounting_slurm.build(*[f"results/{name}/stages/hash/batch-0.seal" for name in names])
    for name, state, why in [
        ("cancelled", "CANCELLED", "a user or an administrator cancelled it"),
        ("down", "NODE_FAIL", "the node failed, and this run does not use it any more"),
        ("preempted", "PREEMPTED", "a job with a higher priority took its place"),
        ("late", "TIMEOUT", r"it ran longer than the \d+ minutes that it requested"),
        ("greedy", "OUT_OF_MEMORY", r"it used more than the \d+ MB that it requested"),
    ]:
        number = (on_accounting_slurm.folder / name).read_text()
        line = rf"error: hash {name}: Slurm ended job {number} on n\d \({state}\): {why}; trying again"
        assert len(re.findall(line, text)) == 1, text
    # Lines of other jobs may stand between them.
    assert text.count(f"{SILENT}\n") == text.count("Slurm answers again\n") >= 1, text
    assert "hash" not in started(Project(on_accounting_slurm.folder).build("catalog"))
    for name in names:
        (row,) = pq.read_table(on_accounting_slurm.product(name, "catalog.parquet")).to_pylist()
        assert (row["sha256"], row["lines"]) == (hashlib.sha256(b"1").hexdigest(), 1)
