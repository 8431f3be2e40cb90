"""The files that the workflow reads again, and the report of a full rescan."""

import os
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datacontainer.scan.records import FILE, read_records
from datacontainer.scan.scan import read_shards
from datacontainer.scan.sharding import MIN_SHARD
from tools.engines import lacking, require_root, require_tool
from tools.reads import reads
from tools.trees import fill
from tools.workflow import NOTHING, Project, fails, jobs, measured, started

FILES = {b"%05d" % number: b"content %d" % number for number in range(3 * MIN_SHARD.files)}
SIZES = {name.decode(): len(content) for name, content in FILES.items()}


@pytest.mark.parametrize("formats", [["oci"], []])
def test_runs_read_each_byte_once_then_changed_files_then_nothing(project, formats):
    data = project.folder / "data"
    fill(data, FILES)
    project.configure(many={"path": "data", "formats": formats, "exclude": ["excluded"]})
    assert reads(project, data, "catalog") == SIZES
    (data / "02000").write_bytes(b"changed")
    found = reads(project, data, "catalog")
    (shard,) = [names for names in shards(project) if "02000" in names]
    expected = shard if formats else {"02000"}
    assert found == {name: SIZES[name] for name in expected} | {"02000": 7}
    assert len(shards(project)) > 1
    assert reads(project, data, "catalog") == {}


def shards(project: Project) -> list[set[str]]:
    """The names of the files in each shard."""
    scanned = project.product("many", "stages/scan")
    lists = [scanned / f"lists/{shard}.list" for shard in read_shards(scanned / "shards.tsv")]
    return [{os.fsdecode(one.path) for one in read_records(path) if one.kind == FILE} for path in lists]


@pytest.fixture
def small(project) -> Project:
    """A built project with a small dataset and no image formats."""
    fill(project.folder / "data", {b"a": b"good", b"b": b"fine"})
    project.configure(fruit={"path": "data", "formats": []})
    project.build()
    return project


def sha256(project: Project) -> list[str]:
    return pq.read_table(project.product("fruit", "catalog.parquet"))["sha256"].to_pylist()


def test_no_formats_build_only_catalog_and_entrypoint(small):
    built = sorted(path.name for path in small.product("fruit", "").iterdir())
    assert built == ["bin", "catalog.parquet", "dataset.json", "stages"]
    for target in ("oci", "docker", "sif", "verify", "default"):
        assert NOTHING in small.build(target) or target == "verify"
    assert sorted(path.name for path in small.product("fruit", "").iterdir()) == built
    assert not list(small.product("fruit", "stages/hash").glob("*.layer*"))
    entrypoint = small.product("fruit", "bin/linux-amd64/entrypoint")
    assert subprocess.run([entrypoint, "-ls"], capture_output=True, check=True).stdout == b"/data/a\n/data/b\n"


def test_formats_added_and_removed_later_keep_the_catalog(small):
    before = sha256(small)
    small.configure(fruit={"path": "data", "formats": ["oci"]})
    small.build()
    assert small.product("fruit", "oci/index.json").is_file()
    small.configure(fruit={"path": "data", "formats": []})
    assert reads(small, small.folder / "data") == {}
    assert not list(small.product("fruit", "stages/hash").glob("*.layer*"))
    assert sha256(small) == before
    assert NOTHING in small.build()


def test_rescan_full_reads_everything_and_runs_nothing_else(small):
    full = ("--config", "rescan=full")
    before = {path: path.stat().st_mtime_ns for path in small.product("fruit", "").rglob("*") if path.is_file()}
    for _ in range(2):
        run = small.snakemake(*full)
        assert run.status == 0, run.text
        assert "  rescan: every file matches its record" in run.text
        assert started(run.text) == {"rescan"}
    assert reads(small, small.folder / "data", *full) == {"a": 4, "b": 4}
    assert {path: path.stat().st_mtime_ns for path in before} == before
    text = small.build()
    assert NOTHING in text
    assert not jobs(text)


def test_rescan_full_of_one_dataset_does_not_read_other_datasets(project):
    fill(project.folder / "data", {b"a": b"good"})
    project.configure(one={"path": "data", "formats": [], "rescan": "full"}, two={"path": "data", "formats": []})
    text = project.build("catalog")
    assert text.count("  rescan: every file matches its record") == 1
    assert "rescan two" not in text


def test_rescan_full_file_corrupted_on_the_disk_is_named(project):
    require_root("mounting a file system")
    image = project.folder / "disk"
    image.touch()
    os.truncate(image, 4 << 20)
    subprocess.run([require_tool("mkfs.ext4"), "-q", image], check=True)
    data = project.folder / "data"
    data.mkdir()
    mount = ["mount", "-o", "loop", image, data]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        lacking("this machine has no loop device to mount")
    try:
        fill(data, {b"good": b"a sentence that stands on the disk once", b"other": b"1"})
        project.configure(fruit={"path": "data", "exclude": ["lost+found"], "formats": []})
        project.build()
        subprocess.run(["umount", data], check=True)
        change_byte(image, b"a sentence that stands on the disk once")
        subprocess.run(mount, check=True)
        assert NOTHING in project.build()
        before = sha256(project)
        for _ in range(2):
            text = fails(project, "--config", "rescan=full")
            assert "error: rescan fruit: content changed, size and mtime did not: 'good' (" in text
            assert "; restore the files from a backup, or run `touch` on them to accept their current content" in text
            assert sha256(project) == before
        assert NOTHING in project.build()
        (data / "good").touch()
        assert "every file matches its record" in project.build("--config", "rescan=full", environment=measured())
        assert sha256(project) != before
    finally:
        subprocess.run(["umount", data], check=False)


def change_byte(image: Path, content: bytes) -> None:
    """Changes the first byte of a file's content in the image of the disk."""
    disk = image.read_bytes()
    assert disk.count(content) == 1
    with open(image, "r+b") as file:
        file.seek(disk.index(content))
        file.write(b"A")
