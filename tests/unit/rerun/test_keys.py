"""The stages that run again after a change of the configuration, of the user's sources, or of a format version."""

import dataclasses
import json
import os
import shutil
from pathlib import Path

import pytest

from datacontainer.config.dataset import Dataset
from datacontainer.config.results import Results
from datacontainer.functions import work
from datacontainer.rerun import keys
from datacontainer.rerun.formats import FORMATS
from datacontainer.rerun.graph import Step
from tools.bases import Base, Given, layer
from tools.settings import read
from tools.trees import fill

PARTS = {"hash": "batch-0", "shard": "0" * 20, "compile": "linux-amd64"}
IMAGES = {"assemble", "assemble_archive", "attest", "convert", "convert_oci", "push", "report", "verify"}
ENTRYPOINT = {"render", "compile"} | IMAGES
HASH = {"shard", "hash", "aggregate"}


@pytest.fixture
def results(tmp_path, monkeypatch) -> Results:
    """The results of a dataset with one shard; the user's sources are in the working directory."""
    monkeypatch.chdir(tmp_path)
    results = Results(tmp_path / "results/fruit")
    results.shards.parent.mkdir(parents=True)
    results.shards.write_text(f"{'0' * 20}\t2\t17\tbatch-0\n")
    results.content.parent.mkdir(parents=True)
    results.content.write_text("content")
    Path("user.py").write_text("import helper\n")
    Path("helper.py").write_text("A = 1\n")
    Path("key.pem").write_text("secret")
    return results


def dataset(**changed: object) -> Dataset:
    given = {"metadata": ["user.py:f"], "sign": "key.pem", "attest": ["sbom"], "template": "user.py"}
    text = json.dumps({"datasets": {"fruit": {"path": "data", **given, **changed}}})
    return read(text).datasets["fruit"]


def all_keys(one: Dataset, results: Results) -> dict[str, str]:
    work._source.cache_clear()
    return {stage: keys.key(Step(stage, PARTS.get(stage, "")), one, results) for stage in [*FORMATS, "shard"]}


def differing(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {stage for stage in before if before[stage] != after[stage]}


CHANGES = [
    ({"path": "elsewhere"}, {"scan"}),
    ({"exclude": ["*.tmp"]}, {"scan", "attest", "convert", "push", "report", "verify"}),
    ({"exclude_defaults": False}, {"scan", "attest", "convert", "push", "report", "verify"}),
    ({"symlinks": "keep"}, {"scan", "attest", "convert", "push", "report", "verify"}),
    ({"shard_bytes": 1 << 20}, {"scan", "attest", "convert", "push", "report", "verify"}),
    ({"shard_files": 7}, {"scan", "attest", "convert", "push", "report", "verify"}),
    ({"digests": ["sha256", "md5"]}, HASH | {"attest", "convert", "push", "report", "verify"}),
    ({"metadata": []}, HASH | {"attest", "convert", "push", "report", "verify"}),
    ({"dataset_metadata": ["user.py:f"]}, {"aggregate", "attest", "convert", "push", "report", "verify"}),
    ({"version": "2"}, {"aggregate"} | IMAGES),
    ({"about": {"title": "x"}}, {"aggregate", "attest", "convert", "push", "report", "verify"}),
    ({"standards": ["croissant"]}, IMAGES),
    ({"labels": {"license": "MIT"}}, IMAGES),
    ({"mount": "/x"}, HASH | ENTRYPOINT),
    ({"compression": "gzip"}, HASH | IMAGES),
    ({"platforms": ["linux/amd64", "linux/arm64"]}, IMAGES),
    ({"template": None}, ENTRYPOINT),
    ({"sign": None}, {"convert", "convert_oci", "report", "verify"}),
    ({"attest": []}, {"attest", "convert", "push", "report", "verify"}),
    ({"formats": ["sif"]}, {"report", "verify"}),
    ({"rescan": "full"}, set()),
    ({"stable": "check"}, set()),
    ({"function_seconds": 9}, set()),
    ({"on_error": "record"}, {"aggregate"}),
    ({"metadata": ["user.py:f", "bids"]}, HASH | {"aggregate", "attest", "convert", "push", "report", "verify"}),
    ({"after": ["done"]}, set()),
    ({"push": "localhost/fruit"}, {"push", "report"}),
    ({"commands": {"count": {"description": "x", "program": "key.pem"}}}, IMAGES),
    ({"base": "registry.example.org/base"}, {"base"} | IMAGES),
]


@pytest.mark.parametrize(
    ("change", "stages"),
    CHANGES,
    ids=lambda value: next(iter(value), "") if isinstance(value, dict) else "",
)
def test_key_changed_setting_changes_the_keys_of_dependent_stages(results, change, stages):
    before = all_keys(dataset(), results)
    assert differing(before, all_keys(dataset(**change), results)) == stages


def test_changes_cover_every_setting():
    covered = {name for change, _ in CHANGES for name in change}
    assert {field.name for field in dataclasses.fields(Dataset)} == covered | {"name"}


@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("user.py", HASH | ENTRYPOINT),
        ("helper.py", HASH | {"attest", "convert", "push", "report", "verify"}),
        ("key.pem", {"convert", "convert_oci", "report", "verify"}),
        ("results/fruit/stages/aggregate/content.digest", {"rescan"} | ENTRYPOINT),
    ],
)
def test_key_changed_file_changes_the_keys_of_dependent_stages(results, file, stages):
    before = all_keys(dataset(), results)
    Path(file).write_text("other = 1\n")
    assert differing(before, all_keys(dataset(), results)) == stages


def test_key_changed_program_changes_the_keys_of_the_images(results):
    commands = {"count": {"description": "x", "program": "program"}}
    Path("program").write_bytes(b"1\n")
    before = all_keys(dataset(commands=commands), results)
    Path("folder").mkdir()
    shutil.copy("program", "folder/program")
    Path("program").rename("other")
    for path, stages in (("folder/program", set()), ("other", IMAGES)):
        moved = {"count": {"description": "x", "program": path}}
        assert differing(before, all_keys(dataset(commands=moved), results)) == stages
    Path("program").write_bytes(b"1\n\n")
    assert differing(before, all_keys(dataset(commands=commands), results)) == IMAGES


def test_key_changed_base_changes_the_keys_of_images_alone(results):
    made = Base(Path("base"))
    made.finish(made.image("linux/amd64", [layer(Given("etc/base"))]))
    before = all_keys(dataset(base="base"), results)
    for path in Path("base").rglob("*"):
        os.utime(path, (1, 1))
    assert all_keys(dataset(base="base"), results) == before
    made.finish(made.image("linux/amd64", [layer(Given("etc/other"))]))
    changed = all_keys(dataset(base="base"), results)
    assert differing(before, changed) == {"base"} | IMAGES
    # A tag may point to another image when it is fetched again.
    results.base.mkdir(parents=True)
    (results.base / "index.json").write_text("{}")
    assert differing(changed, all_keys(dataset(base="base"), results)) == IMAGES


def test_key_moved_file_of_a_template_changes_the_keys_of_dependent_stages(results):
    fill(Path("mine"), {b"cli/extra.go": b"package cli\n", b"files/other.go": b""})
    before = all_keys(dataset(template="mine"), results)
    Path("mine/cli/extra.go").rename("mine/files/extra.go")
    assert differing(before, all_keys(dataset(template="mine"), results)) == ENTRYPOINT


@pytest.mark.parametrize(
    ("stage", "stages"),
    [
        ("hash", HASH),
        ("aggregate", {"aggregate"}),
        ("render", ENTRYPOINT),
        ("assemble", IMAGES),
        ("verify", {"verify"}),
    ],
)
def test_key_new_format_version_changes_the_keys_of_the_stage_and_later_stages(results, monkeypatch, stage, stages):
    before = all_keys(dataset(), results)
    monkeypatch.setitem(FORMATS, stage, FORMATS[stage] + 1)
    assert differing(before, all_keys(dataset(), results)) == stages


def test_key_new_packer_changes_no_other_key(results, monkeypatch):
    before, packer = all_keys(dataset(), results), keys.key(Step("packer"), dataset(), results)
    monkeypatch.setattr(keys, "_packer", lambda: "other")
    assert keys.key(Step("packer"), dataset(), results) != packer
    assert all_keys(dataset(), results) == before


def test_key_other_batches_of_the_same_shards_change_the_keys_of_batches_only(results):
    before = all_keys(dataset(), results)
    results.shards.write_text(f"{'0' * 20}\t2\t17\tbatch-0\n{'1' * 20}\t2\t17\tbatch-0\n")
    one_batch = all_keys(dataset(), results)
    assert differing(before, one_batch) == {"hash", "aggregate"}
    results.shards.write_text(f"{'0' * 20}\t2\t17\tbatch-0\n{'1' * 20}\t2\t17\tbatch-1\n")
    assert differing(one_batch, all_keys(dataset(), results)) == {"hash", "rescan"}


def test_key_of_zstd_layers_names_their_form_and_other_layers_keep_their_keys(results, monkeypatch):
    before = {name: all_keys(dataset(compression=name), results) for name in ("none", "gzip", "zstd")}
    monkeypatch.setattr(keys, "_FORMS", {})
    after = {name: all_keys(dataset(compression=name), results) for name in before}
    assert {name: differing(before[name], after[name]) for name in before} == {
        "none": set(),
        "gzip": set(),
        "zstd": HASH | IMAGES,
    }
