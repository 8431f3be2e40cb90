"""The summary at the end of a run."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from datacontainer.config.results import Results
from datacontainer.runtime.logs import stage, warn
from datacontainer.terminal.summary import summary
from tools.settings import read

ABOUT = {"files": 1200, "bytes": 3_400_000, "empty": 1, "links": 2}
TYPES = {suffix: {"files": 200, "bytes": 9} for suffix in (".nii.gz", ".json", ".tsv", "", ".md", ".txt")}


@pytest.fixture
def build(tmp_path):
    """A function that writes the results of datasets, and returns the summary of them."""

    def run(*names: str, made=("catalog.parquet", "oci/index.json", "lab.sif")) -> list[str]:
        (template,) = read("datasets: {lab: {path: here}}").datasets.values()
        both = [(replace(template, name=name), Results(tmp_path / name)) for name in names]
        for _, paths in both:
            write(paths)
        return list(summary(both, tmp_path / "logs", {str(paths.folder / file) for _, paths in both for file in made}))

    return run


def write(paths: Results) -> None:
    blobs = paths.layout / "blobs/sha256"
    blobs.mkdir(parents=True)
    (blobs / "aa").write_bytes(b"x" * 1500)
    (paths.layout / "index.json").write_text(json.dumps({"manifests": [{"digest": "sha256:aa"}]}))
    paths.catalog.write_bytes(b"")
    paths.summary.write_text(json.dumps({**ABOUT, "types": TYPES}))
    paths.image("sif").write_bytes(b"x" * 20_000)


def warned(log: Path, *texts: str) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with stage(log, "hash lab"):
        for text in texts:
            warn(text)


def test_summary_has_counts_products_and_commands(build, tmp_path):
    headline = "lab:1.0: 1,200 files, 3.4 MB, 1 empty file, 2 symlinks (.nii.gz 200, .json 200, .tsv 200, no suffix 200"
    assert build("lab") == [
        "",
        f"{headline}, 2 more types)",
        f"  {tmp_path}/lab/oci                 1.5 kB  sha256:aa",
        f"  {tmp_path}/lab/lab.sif            20.0 kB  sha256:{hashlib.sha256(b'x' * 20_000).hexdigest()}",
        f"  {tmp_path}/lab/catalog.parquet        0 B  sha256:{hashlib.sha256(b'').hexdigest()}",
        "Next, paste a line:",
        f"  apptainer run {tmp_path}/lab/lab.sif",
    ]


def test_summary_names_the_documents_of_standards(build, tmp_path):
    (tmp_path / "lab/standards").mkdir(parents=True)
    for name in ("croissant.json", "datacite.json", "dataset.json"):
        (tmp_path / "lab/standards" / name).write_text("{}")
    line = f"{tmp_path}/lab/standards 4 B croissant.json, datacite.json"
    assert line in [" ".join(line.split()) for line in build("lab")]


def test_summary_leaves_out_products_that_the_run_did_not_ask_for(build):
    lines = build("lab", made=["catalog.parquet"])
    assert [line.split()[0].rpartition("/")[2] for line in lines[2:]] == ["catalog.parquet"]
    assert build() == []


def test_summary_counts_the_warnings_of_existing_batches(build, tmp_path):
    logs = tmp_path / "logs/lab"
    table = tmp_path / "lab/stages/scan/shards.tsv"
    table.parent.mkdir(parents=True)
    table.write_text("s1\t1\t1\tb1\ns2\t1\t1\tb2\ns3\t1\t1\tb2\n")
    warned(logs / "scan.log", "a", "b")
    for batch in ("b1", "b2", "gone"):
        warned(logs / f"hash/{batch}.log", "content changed", f"only {batch}")
    lines = [line for line in build("lab") if "warning" in line]
    assert lines[0] == "  warning: content changed (2 times)"
    assert len(lines) == 4
    assert lines[3] == f"  2 more warnings: see the logs in {logs}"


def test_summary_of_many_datasets_has_a_line_each_and_five_commands(build):
    lines = build(*(f"d{number:02}" for number in range(25)), made=["catalog.parquet", "oci/index.json"])
    assert len([line for line in lines if line.startswith("d")]) == 20
    assert lines[-1] == "and 5 more datasets"
    assert len(lines) == 22


def test_summary_has_five_commands_whatever_the_number_of_datasets(tmp_path):
    (template,) = read("datasets: {lab: {path: here, formats: [docker]}}").datasets.values()
    both = [(replace(template, name=f"d{i}"), Results(tmp_path / f"d{i}")) for i in range(9)]
    made = set()
    for dataset, paths in both:
        write(paths)
        paths.image("docker").write_bytes(b"")
        (paths.layout / "manifest.json").write_text(json.dumps([{"Config": "blobs/sha256/bb"}]))
        made |= {str(paths.catalog), str(paths.image("docker"))}
        assert dataset.formats == ("docker",)
    lines = list(summary(both, tmp_path / "logs", made))
    place = lines.index("Next, paste a line:")
    assert [line.split()[:2] for line in lines[place + 1 :]] == [["docker", "load"], ["docker", "run"]] * 2 + [
        ["docker", "load"]
    ]
