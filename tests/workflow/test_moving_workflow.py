"""A build of a dataset that changes or contains links: no product mixes old and new content; the next run succeeds."""

import hashlib
import subprocess

import pyarrow.parquet as pq

from tools.engines import require_tool
from tools.moving import change_when_exists
from tools.trees import Link, make


def test_build_function_that_hangs_leaves_no_product(project, data):
    settings = {"path": data.name, "formats": ["sif"], "function_seconds": 1}
    project.configure(data=settings | {"metadata": ["user.py:hangs"]})
    run = project.snakemake()
    assert run.status != 0
    assert "'user.py:hangs' failed on 2 files, first: 'a': it did not return within 1 s" in run.text
    assert not project.product("data", "catalog.parquet").exists()
    project.configure(data=settings | {"dataset_metadata": ["user.py:hangs"]})
    run = project.snakemake()
    assert "the metadata function 'user.py:hangs' failed on the catalog: it did not return within 1 s" in run.text
    assert not project.product("data", "data.sif").exists()
    project.configure(data=settings | {"metadata": ["user.py:fine"], "function_seconds": 60})
    project.build()
    assert pq.read_table(project.product("data", "catalog.parquet"))["fine"].to_pylist() == [True, True]


def test_build_file_changed_before_hash_fails_and_the_next_run_succeeds(project, data):
    with change_when_exists(
        project.product("data", "stages/scan/shards.tsv"), lambda: (data / "a").write_bytes(b"grown up")
    ):
        run = project.snakemake()
    assert run.status != 0
    assert '"a" changed after the scan: its size was 5' in run.text
    assert not list(project.product("data", "").glob("*.*"))
    project.build()
    rows = pq.read_table(project.product("data", "catalog.parquet")).to_pylist()
    assert [row["sha256"] for row in rows] == [hashlib.sha256(text).hexdigest() for text in (b"grown up", b"second")]


def test_build_file_changed_after_hash_is_packed_as_hashed(project, data):
    unsquashfs = require_tool("unsquashfs")
    with change_when_exists(
        project.product("data", "stages/aggregate/content.digest"), lambda: (data / "a").write_bytes(b"other")
    ):
        project.build()
    assert in_sif(unsquashfs, project) == b"first"
    project.build()
    assert in_sif(unsquashfs, project) == b"other"
    assert "Nothing to be done" in project.build()


def in_sif(unsquashfs: str, project) -> bytes:
    """The content of the file `a` in the SIF, after a comparison with its digest in the catalog."""
    image = project.product("data", "data.sif").read_bytes()
    partition = project.folder / "partition"
    partition.write_bytes(image[image.index(b"hsqs") :])
    content = subprocess.run([unsquashfs, "-cat", partition, "data/a"], capture_output=True, check=True).stdout
    rows = pq.read_table(project.product("data", "catalog.parquet")).to_pylist()
    assert rows[0]["sha256"] == hashlib.sha256(content).hexdigest()
    return content


def test_build_annexed_dataset_contains_the_linked_files(project):
    annex = {b".git/annex/objects/x/key": b"content"}
    make(project.folder / "data", annex | {b"sub/file": Link(b"../.git/annex/objects/x/key")})
    project.configure(data={"path": "data", "formats": ["oci"]})
    assert "\n  left out, as they are no data: 1 .git; exclude_defaults: false packs them\n" in project.build(
        console=True
    )
    rows = pq.read_table(project.product("data", "catalog.parquet")).to_pylist()
    printed = subprocess.run(["sha256sum"], input=b"content", capture_output=True, check=True).stdout
    assert [(r["path"], r["size"], r["sha256"]) for r in rows] == [("sub/file", 7, printed[:64].decode())]
    assert "link" not in rows[0]
    assert "Nothing to be done" in project.build()
    project.configure(data={"path": "data", "formats": ["oci"], "exclude_defaults": False})
    project.build()
    rows = pq.read_table(project.product("data", "catalog.parquet")).to_pylist()
    assert [(r["path"], r["link"]) for r in rows] == [
        (".git/annex/objects/x/key", None),
        ("sub/file", "../.git/annex/objects/x/key"),
    ]
