"""The bytes of each stage, compared with golden digests: if they change, raise the format version of the stage."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datacontainer.config.results import Results
from datacontainer.config.settings import Dataset
from datacontainer.rerun.formats import FORMATS
from datacontainer.rerun.graph import PACKER, Step, made_from
from datacontainer.scan.records import FILE, LINK, Record
from datacontainer.scan.sharding import Limits, cut
from tools.embedding import build_with, copy_of_the_repository
from tools.engines import Tool, require_tool
from tools.products import sha256sum
from tools.trees import fill
from tools.workflow import ROOT, Project

GOLDEN = ROOT / "tests/workflow/formats.json"
GOLDEN_IMAGES = ROOT / "tests/workflow/images.json"
# The files that each stage writes. The lists of scan contain inodes and ctimes, which differ between machines.
FILES = {
    "hash": ["stages/hash/*.digests", "stages/hash/*.parquet", "stages/hash/*.layer", "stages/hash/*.json"],
    "aggregate": ["catalog.parquet", "dataset.json", "stages/aggregate/content.digest"],
    "render": ["stages/render/**/*"],
    "compile": ["bin/*/entrypoint"],
    "assemble": ["oci/**/*", "Dockerfile", ".dockerignore"],
    "assemble_archive": ["*.docker.tar"],
    "attest": ["attestations/**/*"],
    "convert": ["small.sif"],
    "convert_oci": ["small.oci.sif"],
    "report": ["report.tsv"],
}


def digest_of(folder: Path, patterns: list[str]) -> str:
    """A digest of the names and bytes of files, without the names of shards, because these depend on inodes."""
    digest = hashlib.sha256()
    files = sorted(file for pattern in patterns for file in folder.glob(pattern) if file.is_file())
    assert files, patterns
    for file in files:
        if file.name == ".snakemake_timestamp":
            continue
        name = file.suffix if file.parent.name == "hash" else str(file.relative_to(folder))
        digest.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def scan_digest() -> str:
    """A digest of two encoded records of scan, and of the positions at which scan divides a list into shards."""
    times = (1_000_000_007, 1_000_000_009, 42)
    fixed = [Record(b"a/b", FILE, 0o644, 3, *times, b""), Record(b"a/c", LINK, 0o777, 0, *times, b"b", 2)]
    chances = [int.from_bytes(hashlib.sha256(b"%d" % i).digest()[:8]) for i in range(5000)]
    sizes = np.arange(5000)
    spans = [*cut(sizes, np.array(chances, np.uint64), Limits(50, 1 << 16)), *cut(sizes, np.array(chances, np.uint64))]
    content = b"".join(record.encode() for record in fixed) + repr([tuple(map(int, span)) for span in spans]).encode()
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """The results of small datasets, built by a copy with a fixed program version."""
    folder = tmp_path_factory.mktemp("formats")
    repository = copy_of_the_repository(folder / "clone")
    library = repository / "scripts/datacontainer/__init__.py"
    library.write_text('"""A copy."""\n\n__version__ = "0"\n')
    project = Project(folder / "project")
    data = project.folder / "data"
    fill(data, {b"a/one.txt": b"one\n", b"b/\xfftwo": b"two" * 1000, b"empty": b"", b"z": b"one\n"})
    for path in [*data.rglob("*"), data]:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    formats = ["docker", "sif", "oci-sif"]
    attest = ["provenance", "sbom"]
    both = {"path": "data", "platforms": ["linux/amd64", "linux/arm64"]}
    project.configure(
        small={"path": "data", "digests": ["sha256", "md5"], "attest": attest, "formats": formats},
        none={**both, "formats": ["oci", "sif"]},
        gzip={**both, "formats": ["oci"], "compression": "gzip"},
        zstd={**both, "formats": ["oci"], "compression": "zstd"},
    )
    build_with(repository, project)
    return project.folder / "results"


@pytest.fixture(scope="module")
def found(results) -> dict[str, str]:
    """The digest of the bytes of each stage."""
    small = {stage: digest_of(results / "small", patterns) for stage, patterns in FILES.items()}
    return {"scan": scan_digest(), **small}


def images(folder: Path) -> dict[str, Any]:
    """The image ID and the layers of each platform, and the sha256 of the SIF; read with skopeo and sha256sum."""
    found: dict[str, Any] = {}
    for architecture in ("amd64", "arm64"):
        inspect = Tool((require_tool("skopeo"), f"--override-arch={architecture}", "inspect", f"oci:{folder}/oci"))
        described = json.loads(inspect())
        assert described["Architecture"] == architecture
        config = hashlib.sha256(inspect("--config", "--raw")).hexdigest()
        found[architecture] = {"image": config, "layers": described["Layers"]}
    return found | {path.suffix: sha256sum(path) for path in folder.glob("*.sif")}


def test_images_of_each_compression_and_platform_have_the_golden_digests(results, pytestconfig):
    # The version of mksquashfs decides the bytes of a compressed SIF.
    table = {compression: images(results / compression) for compression in ("none", "gzip", "zstd")}
    if pytestconfig.getoption("--golden"):
        GOLDEN_IMAGES.write_text(json.dumps(table, indent=2) + "\n")
    golden = json.loads(GOLDEN_IMAGES.read_text()) if GOLDEN_IMAGES.exists() else {}
    assert table == golden, "the images have other bytes: run `make golden` if a new format version explains it"


def upstream(stage: str) -> set[str]:
    """The stages on which a stage depends, directly or indirectly."""
    values = dict.fromkeys(Dataset.__dataclass_fields__, ())
    dataset = Dataset(**{**values, "name": "x", "platforms": ("linux/amd64",), "attest": ("sbom",)})
    before = {step.stage for step in made_from(Step(stage, "x"), dataset, Results(Path())) if step != PACKER}
    before |= {"hash"} if stage == "aggregate" else set()
    return before.union(*(upstream(one) for one in before))


def test_stage_with_changed_bytes_has_a_new_format_version(found, pytestconfig):
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    raised = {stage for stage in found if golden.get(stage, {}).get("format") != FORMATS[stage]}
    changed = {stage for stage, digest in found.items() if golden.get(stage, {}).get("digest") != digest}
    unexplained = {stage for stage in changed if not raised & {stage, *upstream(stage)}}
    assert not unexplained, f"raise FORMATS of {sorted(unexplained)}, then run `make golden`"
    if pytestconfig.getoption("--golden"):
        table = {stage: {"format": FORMATS[stage], "digest": digest} for stage, digest in found.items()}
        GOLDEN.write_text(json.dumps(table, indent=2) + "\n")
    else:
        assert not changed, "run `make golden`: the format versions are new, the golden digests are not"
