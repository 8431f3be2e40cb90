"""A node of a Slurm cluster that shares the working directory and the programs with the login node, and no more."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.slurm import NODES, SlurmProject
from tools.trees import fill
from tools.workflow import NOTHING, ROOT, Project

OTHERS = f"nodename=n[1,3-{NODES}]"
STOP = """
kill "$(cat "$1/n2.pid")"
while [ -e "$1/n2.pid" ]; do sleep 0.1; done
"""
# Starts a node with its own /tmp, in which the folder $1 cannot be written, and which shares the folders $3 … only.
START = """
shift
exec unshare --mount sh -euc '
home=$1 private=$2; shift 2
mkdir "$private"
mount -t tmpfs none "$private"
for folder; do
    mkdir -p "$private/${folder#/tmp/}"
    mount --bind "$folder" "$private/${folder#/tmp/}"
done
mkdir -p "$private/${home#/tmp/}"
mount -t tmpfs -o ro none "$private/${home#/tmp/}"
mount --rbind "$private" /tmp
slurmd -N n2
' sh "$@"
"""
FUNCTION = """
import os, tempfile
from pathlib import Path
def where(path):
    Path("where").write_text(f"{os.path.exists(os.environ.get('LOGIN', ''))} {tempfile.gettempdir()}")
    return {"n": 1}
"""
PRODUCTS = (
    "catalog.parquet",
    "dataset.json",
    "oci/index.json",
    "alone.sif",
    "alone.docker.tar",
    "bin/linux-amd64/entrypoint",
)


@pytest.fixture
def alone(on_slurm: SlurmProject, tmp_path: Path, short_folder: Path) -> Iterator[SlurmProject]:
    """The project, whose jobs run on a node with another /tmp than the main process, and without a home."""
    slurm, cluster = on_slurm.slurm, short_folder / "slurm"
    shared = {cluster, on_slurm.folder, ROOT, Path(sys.prefix).resolve(), Path(os.environ["GOCACHE"])}
    folders = [one for one in shared if one.is_relative_to("/tmp")]
    slurm("scontrol", "update", OTHERS, "state=drain", "reason=test")
    slurm("sh", "-euc", STOP + START, "sh", cluster, tmp_path / "home", tmp_path / "private", *folders)
    yield on_slurm
    slurm("scontrol", "update", OTHERS, "state=resume")
    slurm("sh", "-euc", f"{STOP}slurmd -N n2", "sh", cluster)


def test_slurm_node_without_home_tmp_and_environment_makes_the_same_products(alone: SlurmProject, tmp_path: Path):
    fill(alone.folder / "data", {b"%d/\xc3\xbc %d" % (i % 3, i): b"%d" % i for i in range(30)})
    (alone.folder / "mine.py").write_text(FUNCTION)
    settings = {"compression": "zstd", "shard_files": 10, "metadata": ["mine.py:where"]}
    alone.configure(alone={"path": "data", **settings})
    for cache in (tmp_path / "home/.cache", alone.folder / ".cache"):
        cache.mkdir(parents=True)
        (cache / "go-build").symlink_to(os.environ["GOCACHE"])
    (tmp_path / "login").mkdir()
    words = ["PATH=/usr/bin:/bin", "LC_ALL=C", f"HOME={tmp_path / 'home'}", f"PYTHONPATH={os.environ['PYTHONPATH']}"]
    # Snakemake creates TMPDIR on the node. The mount point of the node's /tmp exists outside of it only.
    words += [f"TMPDIR={tmp_path / 'login'}", f"LOGIN={tmp_path / 'private'}"]
    start = ["sh", "-c", 'umask 027; exec "$@"', "sh"]
    text = alone.snakemake("--retries", "0", shell=["env", "-i", *words, *start]).text
    assert "error: scan alone: Snakemake cannot write its cache on n2 (Read-only file system: " in text
    assert "export XDG_CACHE_HOME=… names a folder that every node can write" in text
    shell = ["env", "-i", *words, f"XDG_CACHE_HOME={alone.folder / '.cache'}", *start]
    alone.build(shell=shell)
    text = max((alone.folder / ".snakemake/log").iterdir()).read_text()
    # Rules that only create links run without Slurm.
    assert "slurm_logs/rule_convert/" in text
    assert "slurm_logs/rule_assemble/" not in text
    assert (alone.folder / "where").read_text() == f"False {tmp_path / 'login'}"
    # The same folder, as the catalog records the times of its files.
    local = Project(tmp_path / "local")
    local.folder.mkdir()
    (local.folder / "mine.py").write_text(FUNCTION)
    local.configure(alone={"path": str(alone.folder / "data"), **settings})
    local.build()
    assert len(alone.product("alone", "stages/scan/shards.tsv").read_text().splitlines()) > 1
    for name in PRODUCTS:
        assert alone.product("alone", name).read_bytes() == local.product("alone", name).read_bytes(), name
    assert NOTHING in alone.build(shell=shell)
