"""When the workflow scans again, and what follows from it."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datacontainer.scan.scan import read_shards
from datacontainer.scan.sharding import MIN_SHARD
from tools.trees import fill
from tools.workflow import NOTHING, Project, jobs, started

# Snakemake compares the content of no larger file, so a shard's list is one of a large dataset.
CATALOG = ("catalog", "--max-checksum-file-size", "100")


@pytest.fixture
def several(project) -> Project:
    """A project with a dataset of several shards, in the catalog."""
    fill(project.folder / "data", {b"%05d" % i: b"x" for i in range(3 * MIN_SHARD.files)})
    project.configure(many={"path": "data"})
    project.build(*CATALOG)
    return project


def shards(project: Project) -> list[str]:
    return read_shards(Path(project.product("many", "stages/scan/shards.tsv")))


def test_scan_changed_file_of_several_shards_hashes_its_own_alone(several):
    before = shards(several)
    assert len(before) > 1
    (several.folder / "data/00007").write_bytes(b"changed")
    text = several.build(*CATALOG)
    assert len(set(shards(several)) - set(before)) == 1
    assert text.count("hash many: digests and layers") == 1
    assert {"scan", "hash", "aggregate"} == started(text)
    assert NOTHING in several.build(*CATALOG)


def test_scan_change_is_noticed_though_the_packer_is_missing(several):
    several.product(".datacontainer", "packer").unlink()
    (several.folder / "data/zzz").write_bytes(b"new")
    text = several.build(*CATALOG)
    assert {"compile", "scan", "hash", "aggregate"} == started(text)
    assert NOTHING in several.build(*CATALOG)


def test_scan_is_all_that_follows_a_packer_built_again(several):
    several.product(".datacontainer", "packer").unlink()
    text = several.build(*CATALOG)
    assert jobs(text)["scan"] == jobs(text)["compile_packer"] == 1
    assert {"compile", "scan"} == started(text)
    assert NOTHING in several.build(*CATALOG)


def test_scan_own_patterns_of_any_bytes_are_followed(project):
    fill(project.folder / "data", {b"keep": b"1", b"a\xff": b"2"})
    (project.folder / "data/.datacontainerignore").write_bytes(b"?\xff\n")
    project.configure(many={"path": "data"})
    project.build(*CATALOG)
    log = (project.folder / "results/logs/many/scan.log").read_text()
    assert "2 files, 4 bytes, 2 paths, 1 shards" in log
    assert NOTHING in project.build(*CATALOG)


def test_scan_wrong_pattern_is_the_last_line_printed(project):
    fill(project.folder / "data", {b"a": b"1"})
    project.configure(many={"path": "data", "exclude": ["[a"]})
    message = '"[a" is not a valid gitignore pattern: correct it in `exclude` or in .datacontainerignore'
    assert message in project.snakemake(*CATALOG).text


def test_scan_smaller_shards_where_the_configuration_wants_them(project):
    fill(project.folder / "data", {b"%05d" % i: b"x" for i in range(100)})
    project.configure(many={"path": "data"})
    project.build("catalog")
    assert len(shards(project)) == 1
    whole = pq.read_table(project.product("many", "catalog.parquet"))
    project.configure(many={"path": "data", "shard_files": 8})
    assert {"scan", "hash"} <= started(project.build("catalog"))
    assert 3 < len(shards(project)) <= 100 // 8
    assert pq.read_table(project.product("many", "catalog.parquet")) == whole


def test_scan_change_is_noticed_though_snakemake_has_no_record_of_the_last_one(project):
    fill(project.folder / "data", {b"a/b/deep": b"1"})
    project.configure(many={"path": "data"})
    project.build("catalog")
    # As of a job of a cluster that outlived the process that sent it.
    shutil.rmtree(project.folder / ".snakemake/metadata")
    assert NOTHING in project.build("catalog")
    with open(project.folder / "data/a/b/deep", "r+b") as file:
        file.write(b"2")
    text = project.build("catalog")
    assert "dataset 'many' changed since the last scan; scanning it again" in text
    assert {"scan", "hash", "aggregate"} <= started(text)
    assert NOTHING in project.build("catalog")
