"""The command line: `pack` in any folder, and each stage individually, without Snakemake."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from datacontainer import __version__
from datacontainer.command.main import main
from tools.workflow import ROOT

FRUIT = ROOT / "examples/fruit"
CHAIN = ["compile_packer", "scan", "hash", "aggregate", "render", "compile", "assemble", "assemble_archive", "convert"]
PRODUCTS = ["catalog.parquet", "dataset.json", "bin/linux-amd64/entrypoint", "oci/index.json", "Dockerfile"]


def datacontainer(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts/datacontainer"), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder with the configuration of another workflow, and the finished run of `pack` in this folder."""
    folder = tmp_path_factory.mktemp("packed")
    (folder / "config").mkdir()
    (folder / "config/config.yaml").write_text("samples: [a, b]\n")
    (folder / "fruit").symlink_to(FRUIT)
    return folder, datacontainer(folder, "pack", "fruit", "--outdir", "out", "--cores", "2", "--set", "version=2.0")


def test_pack_prints_the_products_and_the_next_commands(packed):
    _, done = packed
    assert done.returncode == 0, done.stderr
    shown = done.stderr.splitlines()
    printed = shown[shown.index("") :]
    assert printed[1] == "fruit:2.0: 2 files, 17 B, 0 empty files, 0 symlinks (.txt 2)"
    for product in ("catalog.parquet", "fruit.docker.tar", "fruit.sif", "report.html"):
        assert any(line.startswith(f"  out/fruit/{product}  ") for line in printed), product
    assert printed[-3:] == [
        "  docker load -i out/fruit/fruit.docker.tar",
        "  docker run --rm fruit:2.0",
        "  apptainer run out/fruit/fruit.sif",
    ]
    assert "aggregate fruit: one catalog of all shards" in shown
    assert not [line for line in shown if "Reason" in line or "Select jobs" in line or "Assuming" in line]


def test_pack_again_runs_nothing_and_prints_the_same(packed):
    folder, done = packed
    again = datacontainer(folder, "pack", "fruit", "--outdir", "out", "--cores", "2", "--set", "version=2.0")
    first, summary = again.stderr.splitlines()[0], again.stderr.partition("\n\n")[2]
    assert (again.returncode, again.stdout, summary) == (0, "", done.stderr.partition("\n\n")[2])
    assert first.startswith("Nothing to be done")


def test_pack_dry_run_writes_nothing(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a").write_text("a")
    done = datacontainer(tmp_path, "pack", "data", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "scan data: listing data" in done.stdout
    assert {path.name for path in tmp_path.iterdir()} - {".snakemake"} == {"data"}


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["pack", "none"], 2, "error: dataset 'none': 'none' is not a folder: "),
        (["pack", ".", "--set", "formatz=[sif]"], 2, "error: configuration: unknown key 'formatz': did you mean"),
        (["pack", ".", "--set", "version"], 2, "error: --set 'version' has no value: write --set version=VALUE"),
        (["pack", ".", "--set", "version=1", "--set", "version.x=1"], 2, "error: --set 'version.x=1': --set version "),
        (["pack", ".", "--set", "formats=[sif"], 2, "error: --set formats, line 1, column 5: expected ',' or ']', "),
        (
            ["pack", ".", "--set", "labels={url: a, url: b}"],
            2,
            "error: --set labels: url is written twice, in line 1: ",
        ),
        (
            ["pack", str(FRUIT), "--profile", "slrm"],
            2,
            "error: --profile 'slrm' is no folder with a profile.yaml, and none of lsf, pbs, sge, site, slurm: did ",
        ),
        (
            ["pack", str(FRUIT), "--profile", ""],
            2,
            "error: --profile '' is no folder with a profile.yaml, and none of ",
        ),
        (["scan", "--config", "none.yaml"], 2, "error: there is no configuration 'none.yaml': name it with --config"),
        (
            ["hash", "--dataset", "none", "--config", str(ROOT / "config/config.yaml")],
            2,
            "error: --dataset 'none': choose one of ",
        ),
        (["load", "none"], 2, "error: there is no image layout 'results/none/oci': build it with `snakemake oci` or "),
    ],
)
def test_command_wrong_usage_is_reported_in_one_line(tmp_path, arguments, status, message):
    site = tmp_path / "snakemake/site"
    site.mkdir(parents=True)
    (site / "profile.yaml").touch()
    done = datacontainer(tmp_path, *arguments, XDG_CONFIG_HOME=str(tmp_path))
    assert done.returncode == status
    (line,) = done.stderr.splitlines()
    assert line.startswith(message)


def test_pack_profile_whose_plugin_is_missing_names_the_command(monkeypatch, capsys):
    monkeypatch.setattr("datacontainer.command.profile.find_spec", lambda _: None)
    assert main(["pack", str(FRUIT), "--profile", "slurm", "--dry-run"]) == 3
    command = f"run `pip install -r {ROOT / 'requirements-cluster.txt'}`"
    assert capsys.readouterr().err == f"error: --profile slurm needs snakemake-executor-plugin-slurm: {command}\n"


def test_pack_installed_without_the_workflow_is_reported_in_one_line(tmp_path):
    shutil.copytree(ROOT / "scripts/datacontainer", tmp_path / "site/datacontainer")
    words = [sys.executable, tmp_path / "site/datacontainer", "pack", FRUIT]
    done = subprocess.run(words, cwd=tmp_path, stderr=-1, text=True, check=False)
    assert (done.returncode, done.stderr.partition(":")[0], done.stderr.count("\n")) == (2, "error", 1)
    assert "this installation has no workflow: run `pip install --editable FOLDER` with a clone" in done.stderr


def load(folder: Path, engine: str, script: str, outdir: Path) -> subprocess.CompletedProcess[str]:
    """Runs `load` with a docker that is a shell script, which runs in `folder`."""
    docker = folder / "docker"
    docker.write_text(f"#!/bin/sh\ncd {folder}\nPATH={os.environ['PATH']}\n{script}\n")
    docker.chmod(0o755)
    return datacontainer(folder, "load", "fruit", "--outdir", str(outdir), "--engine", engine, PATH=str(folder))


@pytest.mark.parametrize(
    ("engine", "script", "expected"),
    [
        ("docker", "cat > got; echo Loaded image: fruit:2.0", (0, "Loaded image: fruit:2.0\n")),
        ("docker", "echo is it running? >&2; exit 1", (1, "error: docker load failed: is it running?\n")),
        ("docker", "kill $$", (1, "error: docker load failed: exit status -15\n")),
        ("podman", "", (3, "error: no podman on PATH: install it, or choose another --engine\n")),
    ],
)
def test_load_engine_gets_the_archive_in_a_pipe(packed, tmp_path, engine, script, expected):
    folder, _ = packed
    done = load(tmp_path, engine, script, folder / "out")
    assert (done.returncode, done.stdout + done.stderr) == expected
    if done.returncode == 0:
        assert (tmp_path / "got").read_bytes() == (folder / "out/fruit/fruit.docker.tar").read_bytes()


def test_load_layout_that_changes_loads_no_image(packed, tmp_path):
    folder, _ = packed
    shutil.copytree(folder / "out/fruit/oci", tmp_path / "fruit/oci")
    (tmp_path / f"fruit/oci/blobs/sha256/{'f' * 64}").symlink_to("deleted")
    done = load(tmp_path, "docker", "cat > part; touch got", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: loading the image: [Errno 2] No such file or directory: ")
    assert not (tmp_path / "got").exists()


def test_stages_run_one_by_one_give_the_products_of_the_workflow(packed, tmp_path):
    folder, _ = packed
    config = tmp_path / "fruit.yaml"
    config.write_text(yaml.safe_dump({"datasets": {"fruit": {"path": str(FRUIT), "version": "2.0"}}}))
    for stage in [*CHAIN, "verify", "report"]:
        done = datacontainer(tmp_path, stage, "--config", "fruit.yaml")
        assert done.returncode == 0, done.stderr
    results = tmp_path / "results/fruit"
    for product in [*PRODUCTS, "fruit.docker.tar", "fruit.sif"]:
        assert sha256(results / product) == sha256(folder / "out/fruit" / product), product
    assert (
        "the images and the catalog do not differ" in datacontainer(tmp_path, "verify", "--config", "fruit.yaml").stderr
    )
    log = (tmp_path / "results/logs/fruit/scan.log").read_text()
    assert f"datacontainer {__version__}, Python " in log


def test_stage_that_fails_exits_with_its_status_and_one_line(tmp_path):
    (tmp_path / "fruit.yaml").write_text(yaml.safe_dump({"datasets": {"fruit": {"path": str(FRUIT)}}}))
    assert datacontainer(tmp_path, "compile_packer", "--config", "fruit.yaml").returncode == 0
    assert datacontainer(tmp_path, "scan", "--config", "fruit.yaml").returncode == 0
    table = tmp_path / "results/fruit/stages/scan/shards.tsv"
    (name,) = [line.split("\t")[0] for line in table.read_text().splitlines()]
    listed = table.with_name("lists") / f"{name}.list"
    listed.write_bytes(listed.read_bytes() + b"x")
    done = datacontainer(tmp_path, "hash", "--config", "fruit.yaml")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: hash fruit: 'results/fruit/stages/scan/lists/{name}.list' is damaged: ")


@pytest.mark.parametrize(
    ("output", "status", "error"),
    [("> /dev/full", 1, "No space left on device\n"), ("| (exec <&-)", 141, ""), (">&-", 1, "it is closed\n")],
)
def test_datacontainer_output_that_takes_no_text_is_an_error(output, status, error):
    words = ["bash", "-c", f'(sleep 0.5; exec "$0" "$@") {output}; exit "${{PIPESTATUS[0]}}"', sys.executable]
    done = subprocess.run([*words, ROOT / "scripts/datacontainer", "--help"], stderr=-1, text=True, check=False)
    assert (done.returncode, done.stderr.removeprefix("error: writing standard output: ")) == (status, error)
