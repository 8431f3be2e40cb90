"""The ways to a Slurm cluster other than `snakemake --profile`: `datacontainer pack` and the example job scripts."""

import os
import shutil
import sys
from pathlib import Path

import yaml

from tools.slurm import SlurmProject
from tools.workflow import ROOT, Project

OFTEN = ["--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10"]


def on_node(project: SlurmProject, *command: str | Path) -> None:
    """Runs a command in the namespaces of the cluster, in the folder of the project."""
    path = f"PATH={Path(sys.executable).parent}:{os.environ['PATH']}"
    library = f"PYTHONPATH={ROOT / 'scripts'}:{os.environ['PYTHONPATH']}"
    done = project.slurm.run("env", f"--chdir={project.folder}", path, library, *command)
    assert done.returncode == 0


def test_slurm_pack_and_job_scripts_give_the_products_of_a_local_run(on_slurm: SlurmProject, fruit: Project):
    shutil.copytree(ROOT / "examples/fruit", on_slurm.folder / "fruit")
    configuration = {"outdir": "staged", "datasets": {"fruit": {"path": "fruit"}}}
    (on_slurm.folder / "fruit.yaml").write_text(yaml.safe_dump(configuration))
    packing = ["datacontainer", "pack", "fruit", "--profile", "slurm", "--outdir", "packed"]
    on_node(on_slurm, *packing, "--", "--until", "scan", "--seconds-between-status-checks", "1", *OFTEN)
    jobs = on_slurm.slurm.text("squeue", "--states=all", "--noheader", "--format=%k %Z %T").splitlines()
    assert [line.split() for line in jobs if str(on_slurm.folder) in line] == [
        ["rule_scan_wildcards_fruit", str(on_slurm.folder), "COMPLETED"]
    ]
    assert (on_slurm.folder / "packed/fruit/stages/scan/shards.tsv").read_text().endswith("\t2\t17\tbatch-0\n")
    scripts = ROOT / "examples/cluster"
    on_node(on_slurm, "sbatch", "--wait", "--mem=2G", scripts / "pack.sbatch", "fruit", "--target", "catalog")
    on_node(on_slurm, "sbatch", "--wait", "--mem=2G", scripts / "stages.sbatch", "fruit.yaml", "fruit")
    (log,) = on_slurm.folder.glob("pack-*.log")
    assert "fruit:1.0: 2 files, 17 B" in log.read_text()
    for made in ("results/fruit/catalog.parquet", "staged/fruit/fruit.docker.tar", "staged/fruit/fruit.sif"):
        product = fruit.product("fruit", Path(made).name)
        assert (on_slurm.folder / made).read_bytes() == product.read_bytes(), made
