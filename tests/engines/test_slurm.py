"""The workflow on a Slurm cluster of two nodes: the same products as a local run, even if jobs are killed."""

import hashlib
import shutil
from pathlib import Path

from tools.slurm import SlurmProject
from tools.trees import fill
from tools.workflow import Project

# Each function ends the first attempt of a job in another way.
FUNCTIONS = '''
import os, subprocess, time
from pathlib import Path

def cancelled(path):
    """Cancels its own job at the first call."""
    mark = Path("was-cancelled")
    if "SLURM_JOB_ID" in os.environ and not mark.exists():
        mark.touch()
        subprocess.run(["scancel", os.environ["SLURM_JOB_ID"]], check=True)
        time.sleep(60)
    return {"lines": 1}

def greedy(path):
    """Needs more memory than a first attempt may use, and less than a second attempt."""
    if "SLURM_JOB_ID" in os.environ:
        taken = bytearray(700_000_000)
        taken[::4096] = b"x" * len(taken[::4096])
        time.sleep(4)
    return {"lines": 1}
'''
PRODUCTS = (
    "catalog.parquet",
    "dataset.json",
    "oci/index.json",
    "bin/linux-amd64/entrypoint",
    "many.sif",
    "many.docker.tar",
)


def digests(project: Project, name: str, *products: str) -> dict[str, str]:
    """The sha256 of the products of a dataset."""
    return {file: hashlib.sha256(project.product(name, file).read_bytes()).hexdigest() for file in products}


def build_locally(project: Project, folder: Path, *arguments: str) -> Project:
    """Builds a copy of the project in another folder, without a cluster."""
    for part in ("config", "data"):
        shutil.copytree(project.folder / part, folder / part)
    for file in project.folder.glob("*.py"):
        shutil.copy2(file, folder)
    local = Project(folder)
    local.build(*arguments)
    return local


def test_slurm_products_equal_those_of_a_local_run(on_slurm: SlurmProject, tmp_path: Path):
    fill(on_slurm.folder / "data", {b"%02d/%04d" % (i % 40, i): b"%d" % i for i in range(4000)})
    on_slurm.configure(many={"path": "data", "shard_files": 512})
    text = on_slurm.build("--printshellcmds")
    # Rules that only create links run without Slurm.
    assert "slurm_logs/rule_convert/" in text
    assert "slurm_logs/rule_assemble/" not in text
    assert len(on_slurm.product("many", "stages/scan/shards.tsv").read_text().splitlines()) > 2
    local = build_locally(on_slurm, tmp_path)
    assert digests(on_slurm, "many", *PRODUCTS) == digests(local, "many", *PRODUCTS)
    assert "Nothing to be done" in on_slurm.build()


def test_slurm_killed_jobs_are_retried_and_the_run_succeeds(on_slurm: SlurmProject, tmp_path: Path):
    fill(on_slurm.folder / "data", {b"a": b"1"})
    (on_slurm.folder / "mine.py").write_text(FUNCTIONS)
    on_slurm.configure(
        first={"path": "data", "metadata": ["mine.py:cancelled"]},
        second={"path": "data", "metadata": ["mine.py:greedy"]},
    )
    text = on_slurm.build("catalog")
    assert "SLURM status is: 'CANCELLED'" in text
    assert "SLURM status is: 'OUT_OF_MEMORY'" in text or "SLURM status is: 'FAILED'" in text
    assert text.count("; trying again\n") == 2
    local = build_locally(on_slurm, tmp_path, "catalog")
    for name in ("first", "second"):
        assert digests(on_slurm, name, "catalog.parquet") == digests(local, name, "catalog.parquet")
