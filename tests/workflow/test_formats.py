"""The bytes of each stage against golden digests: when they change, the stage's format version has to be raised."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from datacontainer.config.results import Results
from datacontainer.config.settings import Dataset
from datacontainer.rerun.formats import FORMATS
from datacontainer.rerun.graph import PACKER, Step, made_from
from datacontainer.scan.records import FILE, LINK, Record
from datacontainer.scan.sharding import Limits, cut
from tools.repository import build_with, copy_of_the_repository
from tools.trees import fill
from tools.workflow import ROOT, Project

GOLDEN = ROOT / "tests/workflow/formats.json"
# The files that each stage writes. Scan's lists have inodes and ctimes, which no two machines share.
FILES = {
    "hash": ["stages/hash/*.parquet", "stages/hash/*.layer", "stages/hash/*.json"],
    "aggregate": ["catalog.parquet", "dataset.json", "stages/aggregate/content.digest"],
    "render": ["stages/render/**/*"],
    "compile": ["bin/*/entrypoint"],
    "assemble": ["oci/**/*", "Dockerfile", ".dockerignore"],
    "assemble_archive": ["*.docker.tar"],
    "attest": ["attestations/**/*"],
    "convert": ["*.sif"],
    "report": ["report.tsv"],
}


def digest_of(folder: Path, patterns: list[str]) -> str:
    """A digest of files' names and bytes; the names of shards, which depend on inodes, are left out."""
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
    """A digest of two records as scan encodes them, and of the places where it cuts a list into shards."""
    times = (1_000_000_007, 1_000_000_009, 42)
    fixed = [Record(b"a/b", FILE, 0o644, 3, *times, b""), Record(b"a/c", LINK, 0o777, 0, *times, b"b", 2)]
    chances = [int.from_bytes(hashlib.sha256(b"%d" % i).digest()[:8]) for i in range(5000)]
    spans = cut(np.arange(5000), np.array(chances, np.uint64), Limits(50, 1 << 16))
    content = b"".join(record.encode() for record in fixed) + repr([tuple(map(int, span)) for span in spans]).encode()
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> dict[str, str]:
    """The digest of each stage's bytes for a small dataset, made by a copy with a fixed program version."""
    folder = tmp_path_factory.mktemp("formats")
    repository = copy_of_the_repository(folder / "clone")
    library = repository / "scripts/datacontainer/__init__.py"
    library.write_text('"""A copy."""\n\n__version__ = "0"\n')
    project = Project(folder / "project")
    data = project.folder / "data"
    fill(data, {b"a/one.txt": b"one\n", b"b/\xfftwo": b"two" * 1000, b"empty": b"", b"z": b"one\n"})
    for path in [*data.rglob("*"), data]:
        os.utime(path, (1_000_000_000, 1_000_000_000))
    project.configure(small={"path": "data", "digests": ["sha256", "md5"], "attest": ["provenance", "sbom"]})
    build_with(repository, project)
    results = project.folder / "results/small"
    return {"scan": scan_digest(), **{stage: digest_of(results, patterns) for stage, patterns in FILES.items()}}


def upstream(stage: str) -> set[str]:
    """The stages that a stage is made from, directly or not."""
    values = dict.fromkeys(Dataset.__dataclass_fields__, ())
    dataset = Dataset(**{**values, "name": "x", "platforms": ("linux/amd64",), "attest": ("sbom",)})
    before = {step.stage for step in made_from(Step(stage, "x"), dataset, Results(Path())) if step != PACKER}
    before |= {"hash"} if stage == "aggregate" else set()
    return before.union(*(upstream(one) for one in before))


def test_stage_that_writes_other_bytes_has_another_format(found, pytestconfig):
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    raised = {stage for stage in found if golden.get(stage, {}).get("format") != FORMATS[stage]}
    changed = {stage for stage, digest in found.items() if golden.get(stage, {}).get("digest") != digest}
    unexplained = {stage for stage in changed if not raised & {stage, *upstream(stage)}}
    assert not unexplained, f"raise FORMATS of {sorted(unexplained)}, then run `make golden`"
    if pytestconfig.getoption("--golden"):
        table = {stage: {"format": FORMATS[stage], "digest": digest} for stage, digest in found.items()}
        GOLDEN.write_text(json.dumps(table, indent=2) + "\n")
    else:
        assert not changed, "run `make golden`: the formats were raised, and the golden digests are those of before"
