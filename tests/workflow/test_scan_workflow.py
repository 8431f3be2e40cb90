"""The changes after which the workflow scans again, and the stages that follow."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datacontainer.scan.scan import read_shards
from datacontainer.scan.sharding import MIN_SHARD
from tools.trees import fill
from tools.workflow import NOTHING, Project, jobs, started

# With this limit, Snakemake compares no checksums of shard lists, as for the long lists of a large dataset.
CATALOG = ("catalog", "--max-checksum-file-size", "100")


@pytest.fixture(scope="module")
def several(tmp_path_factory) -> Project:
    """A project with the catalog of a dataset of several shards."""
    project = Project(tmp_path_factory.mktemp("several"))
    fill(project.folder / "data", {b"%05d" % i: b"x" for i in range(3 * MIN_SHARD.files)})
    project.configure(many={"path": "data"})
    project.build(*CATALOG)
    return project


def shards(project: Project) -> list[str]:
    return read_shards(Path(project.product("many", "stages/scan/shards.tsv")))


def test_scan_changed_file_hashes_only_its_shard(several):
    before = shards(several)
    assert len(before) > 1
    (several.folder / "data/00007").write_bytes(b"changed")
    text = several.build(*CATALOG)
    assert len(set(shards(several)) - set(before)) == 1
    assert text.count("hash many: digests and layers") == 1
    assert {"scan", "hash", "aggregate"} == started(text)
    assert NOTHING in several.build(*CATALOG)


def test_scan_change_is_detected_without_the_packer(several):
    several.product(".datacontainer", "packer").unlink()
    (several.folder / "data/zzz").write_bytes(b"new")
    text = several.build(*CATALOG)
    assert {"compile", "scan", "hash", "aggregate"} == started(text)
    assert NOTHING in several.build(*CATALOG)


def test_scan_is_the_only_stage_after_a_rebuilt_packer(several):
    several.product(".datacontainer", "packer").unlink()
    # The shards of this batch are complete, as after an update from a version that had no batches.
    several.product("many", "stages/hash/batch-0.seal").unlink()
    text = several.build(*CATALOG)
    assert jobs(text)["scan"] == jobs(text)["compile_packer"] == 1
    assert {"compile", "scan"} == started(text)
    assert NOTHING in several.build(*CATALOG)


def test_scan_configured_shard_files_gives_smaller_shards(project):
    fill(project.folder / "data", {b"%05d" % i: b"x" for i in range(100)})
    project.configure(many={"path": "data"})
    project.build("catalog")
    assert len(shards(project)) == 1
    whole = pq.read_table(project.product("many", "catalog.parquet"))
    project.configure(many={"path": "data", "shard_files": 8})
    assert {"scan", "hash"} <= started(project.build("catalog"))
    assert 3 < len(shards(project)) <= 100 // 8
    assert pq.read_table(project.product("many", "catalog.parquet")) == whole


def test_scan_change_is_detected_without_a_record_of_snakemake(project):
    fill(project.folder / "data", {b"a/b/deep": b"1"})
    project.configure(many={"path": "data"})
    project.build("catalog")
    # The record is missing, for example, if a cluster job outlived the Snakemake process that submitted it.
    shutil.rmtree(project.folder / ".snakemake/metadata")
    assert NOTHING in project.build("catalog")
    with open(project.folder / "data/a/b/deep", "r+b") as file:
        file.write(b"2")
    text = project.build("catalog")
    assert "dataset 'many' changed since the last scan; scanning it again" in text
    assert {"scan", "hash", "aggregate"} <= started(text)
    assert NOTHING in project.build("catalog")
