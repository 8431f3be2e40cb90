"""A normal run detects a deleted, truncated or replaced file and creates the same products again."""

import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from datacontainer.scan.scan import read_shards
from tools.faults import digests
from tools.trees import fill
from tools.workflow import NOTHING, Project, fails


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Project:
    """A built dataset of several shards; each test restores the products."""
    project = Project(tmp_path_factory.mktemp("many"))
    fill(project.folder / "data", {b"%05d" % i: b"content %d" % (i % 7) for i in range(300)})
    project.configure(many={"path": "data", "shard_files": 50, "standards": ["croissant"]})
    project.build()
    assert len(read_shards(project.product("many", "stages/scan/shards.tsv"))) > 1
    return project


def delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def replace(path: Path) -> None:
    """Replaces the file by another file of the same size."""
    size_bytes = path.stat().st_size
    path.unlink()
    path.write_bytes(b"x" * size_bytes)


def add_stray_file(path: Path) -> None:
    path.with_name("stray.go").write_text("package stray\n")


# `make faults` tests all of them; each test runs the workflow twice.
ALL = os.environ.get("FAULTS") == "all"
DAMAGE: list[tuple[str, Callable[[Path], None]]] = [
    ("oci/blobs", delete),
    ("oci/blobs/sha256/*", truncate),
    ("stages/render/index.bin", delete),
    ("stages/render/facts.bin", add_stray_file),
    ("stages/hash/*.layer", truncate),
    ("stages/hash/*.digests", delete),
    ("stages/scan/lists", delete),
    ("bin/linux-amd64/entrypoint", truncate),
    ("catalog.parquet", truncate),
    ("standards", delete),
    ("many.sif", truncate),
    ("../.datacontainer/packer", truncate),
]
FURTHER_DAMAGE: list[tuple[str, Callable[[Path], None]]] = [
    ("oci/blobs/sha256/*", add_stray_file),
    ("oci/index.json", replace),
    ("Dockerfile", truncate),
    ("stages/render/facts.bin", truncate),
    ("stages/hash/*.layer", delete),
    ("stages/hash/*.digests", replace),
    ("stages/hash/*.json", truncate),
    ("stages/hash/*.seal", delete),
    ("stages/scan/lists/*.list", delete),
    ("stages/scan/lists/*.list", truncate),
    ("stages/scan/shards.tsv", replace),
    ("stages/aggregate/content.digest", replace),
    ("stages/seals/assemble.seal", truncate),
    ("dataset.json", replace),
    ("standards/croissant.json", replace),
    ("standards/croissant.json", add_stray_file),
    ("many.docker.tar", replace),
    ("../.datacontainer/packer", replace),
]


@pytest.mark.parametrize(
    ("file", "damage"), DAMAGE + FURTHER_DAMAGE * ALL, ids=lambda value: getattr(value, "__name__", value)
)
def test_break_seals_damaged_file_is_rebuilt_identically(many, file, damage):
    before = digests(many)
    path = min(many.product("many", "").glob(file)) if "*" in file else many.product("many", file)
    damage(path)
    text = many.build()
    assert "its stage runs again" in text or "Missing output files" in text
    assert digests(many) == before
    assert NOTHING in many.build()


def test_build_image_contains_the_documents_of_standards(many):
    made, found = many.product("many", "standards"), {}
    for blob in many.product("many", "oci/blobs/sha256").iterdir():
        if tarfile.is_tarfile(blob):
            with tarfile.open(blob) as layer:
                inside = [one for one in layer if one.isfile() and one.name.startswith(".datacontainer/")]
                found |= {one.name.partition("/")[2]: layer.extractfile(one).read() for one in inside}
    assert found == {path.name: path.read_bytes() for path in made.iterdir()}
    assert set(found) == {"catalog.parquet", "croissant.json", "dataset.json"}


def corrupt_silently(path: Path) -> None:
    """Changes a bit of a file but not its size and mtime, like a failing disk."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    with open(path, "r+b") as file:
        file.write(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def largest_blob(project: Project) -> Path:
    return max(project.product("many", "oci/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)


def layer_blob(project: Project) -> Path:
    """A blob that is a hard link to the layer of a shard."""
    return next(path for path in project.product("many", "oci/blobs/sha256").iterdir() if path.stat().st_nlink > 1)


@pytest.mark.parametrize(
    ("product", "blob"),
    [("many.sif", layer_blob), ("many.docker.tar", largest_blob)]
    + [("many.sif", largest_blob), ("many.docker.tar", layer_blob)] * ALL,
)
def test_discard_silently_corrupted_blob_is_named_and_rebuilt(many, product, blob):
    before = digests(many)
    damaged = blob(many)
    corrupt_silently(damaged)
    many.product("many", product).unlink()
    text = fails(many)
    assert f"checksum mismatch for the blob '{damaged.relative_to(many.folder)}': its content has the sha256 " in text
    assert not many.product("many", product).exists()
    many.build()
    assert digests(many) == before
    assert NOTHING in many.build()


@pytest.mark.parametrize(
    ("file", "forced"),
    [
        ("stages/hash/*.digests", "aggregate"),
        ("catalog.parquet", "render"),
    ]
    + [
        ("stages/hash/*.json", "assemble"),
        ("stages/scan/lists/*.list", "hash"),
        ("stages/render/index.bin", "compile"),
        ("bin/linux-amd64/entrypoint", "assemble"),
    ]
    * ALL,
)
def test_check_silently_corrupted_file_is_named_by_the_stage_that_reads_it(many, file, forced):
    before = digests(many)
    path = min(many.product("many", "").glob(file))
    corrupt_silently(path)
    text = fails(many, "--forcerun", forced)
    named = path.relative_to(many.folder)
    assert f"error: {forced} many" in text
    assert f": '{named}' is damaged: its seal records the sha256 " in text
    path.unlink()
    many.build()
    assert digests(many) == before
    assert NOTHING in many.build()


def test_verify_silently_corrupted_blob_is_repaired_by_the_printed_remedy(many):
    before = digests(many)
    assert "  verify: the images and the catalog do not differ" in many.build("verify")
    corrupt_silently(layer_blob(many))
    text = fails(many, "verify")
    assert "; delete 'results/many' and run snakemake again" in text
    shutil.rmtree(many.product("many", ""))
    many.build()
    assert digests(many) == before


def test_check_silently_corrupted_packer_is_named(many):
    packer = many.product(".datacontainer", "packer")
    corrupt_silently(packer)
    assert "'results/.datacontainer/packer' is damaged" in fails(many, "--forcerun", "scan")
    packer.unlink()
    many.build()
    assert NOTHING in many.build()
