"""Tests of images on a base: in Docker, podman, Apptainer and a registry, and which stages run again."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tools.bases import Base, Given, folder, hard, layer, link
from tools.docker import LIMITS, RUN
from tools.shared import once
from tools.trees import fill
from tools.workflow import ROOT, Project, fails, measured, replace, run, started

FILES = {b"a.txt": b"alpha\n", b"sub/b": b"beta\n"}
LISTED = b"/data/a.txt\n/data/sub/b\n"
IN_BASE = layer(
    folder("etc"),
    Given("etc/base-release", content=b"base 1\n"),
    hard("etc/same", "etc/base-release"),
    Given("etc/gone"),
    # Apptainer's /var/tmp must not be written below it.
    folder("system/var"),
    link("var", "system/var"),
)
ABOVE = layer(Given("etc/.wh.gone"), folder("opt"), link("opt/link", "../etc/base-release"))
SETTINGS = {"Env": ["PATH=/bin", 'GREETING=hello "you"'], "WorkingDir": "/opt", "Cmd": ["sh"]}
# Lists the files of the base that a whiteout may hide, and prints a file, a link, and a variable.
SCRIPT = 'cat /etc/base-release /etc/same /opt/link; find /etc/gone; echo "$GREETING"'
PRINTED = b'base 1\nbase 1\nbase 1\nhello "you"\n'


def write_base(path: Path, busybox: bytes, *more: bytes) -> Base:
    made = Base(path)
    return made.finish(made.image("linux/amd64", [busybox, IN_BASE, ABOVE, *more], **SETTINGS))


@pytest.fixture(scope="module")
def based(busybox: bytes) -> Project:
    """A dataset whose images are built on busybox, with gzip, and verified."""

    def make(path: Path) -> None:
        project = Project(path)
        fill(path / "data", FILES)
        write_base(path / "base", busybox)
        project.configure(small={"path": "data", "base": "base", "compression": "gzip", "attest": ["provenance"]})
        project.build("all", "verify", environment=measured())

    return Project(once("based", make))


def test_docker_and_podman_run_entrypoint_and_programs_of_the_base(based, docker, podman):
    archive = based.product("small", "small.docker.tar")
    for engine, limits in ((docker, ()), (podman, LIMITS)):
        engine("load", "-i", archive)
        assert engine(*RUN, *limits, "small:1.0", "-ls") == LISTED
        engine(*RUN, *limits, "small:1.0", "-verify")
        ran = engine.run(*RUN, *limits, "--entrypoint", "/bin/sh", "small:1.0", "-c", f"{SCRIPT}; pwd", status=0)
        assert ran.stdout == PRINTED + b"/opt\n"
        assert b"/etc/gone" in ran.stderr


def test_apptainer_runs_entrypoint_and_programs_of_the_base(based, apptainer):
    sif = based.product("small", "small.sif")
    assert apptainer("run", "--userns", sif, "-ls") == LISTED
    ran = apptainer.run("exec", "--userns", sif, "sh", "-c", SCRIPT, status=None)
    assert ran.stdout == PRINTED
    assert b"/etc/gone" in ran.stderr


def test_skopeo_finds_the_layers_of_the_base_first(based, skopeo):
    layout = f"oci:{based.product('small', 'oci')}"
    config = json.loads(skopeo("inspect", "--config", layout))
    manifest = json.loads(skopeo("inspect", "--raw", layout))
    (top,) = json.loads((based.folder / "base/index.json").read_text())["manifests"]
    below = json.loads((based.folder / "base/blobs/sha256" / top["digest"][7:]).read_bytes())["layers"]
    assert [one["digest"] for one in manifest["layers"][:3]] == [one["digest"] for one in below]
    assert {one["mediaType"] for one in manifest["layers"]} == {"application/vnd.oci.image.layer.v1.tar+gzip"}
    assert config["config"]["Labels"]["org.opencontainers.image.base.digest"] == top["digest"]
    assert manifest["annotations"] == config["config"]["Labels"]
    assert config["config"]["Env"] == SETTINGS["Env"]
    assert "Cmd" not in config["config"]
    for one in below:
        blob = based.product("small", "oci/blobs/sha256") / one["digest"][7:]
        assert sha256(blob.read_bytes()).hexdigest() == blob.name
    provenance = json.loads(based.product("small", "attestations/provenance.json").read_text())
    materials = {
        one["name"]: one.get("digest") for one in provenance["predicate"]["buildDefinition"]["resolvedDependencies"]
    }
    assert materials["base"] == {"sha256": top["digest"][7:]}
    assert "base" not in provenance["predicate"]["buildDefinition"]["externalParameters"]
    assert top["digest"] in based.product("small", "report.html").read_text()
    assert "\nFROM small:1.0\n" in based.product("small", "Dockerfile").read_text()


def test_get_reads_the_files_of_the_dataset_alone(based, tmp_path):
    command = ["datacontainer", "get", based.product("small", "oci"), "--output", tmp_path / "out"]
    done = subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)
    # Those of the data, the metadata and the entrypoint.
    assert b"1 of 3 layers" in done.stderr
    found = subprocess.run(["find", ".", "-type", "f"], cwd=tmp_path / "out", capture_output=True, check=True).stdout
    assert sorted(found.split()) == [b"./a.txt", b"./sub/b"]


def test_changed_base_runs_later_stages_and_the_same_base_gives_the_same_bytes(
    based, tmp_path, busybox, registry, skopeo
):
    project, products = based.copy(tmp_path / "project"), ("oci/index.json", "small.sif", "small.docker.tar")
    before = {name: based.product("small", name).read_bytes() for name in products}
    # The same image in another folder, with other times.
    shutil.rmtree(project.folder / "base")
    write_base(project.folder / "elsewhere", busybox)
    replace(project.folder / "config/config.yaml", "base: base", "base: elsewhere")
    stages = {"base", "assemble", "attest", "convert"}
    assert started(project.build("docker", "sif")) == stages
    assert before == {name: project.product("small", name).read_bytes() for name in before}
    # Another image, from a registry.
    other, reference = write_base(tmp_path / "other", busybox, layer(Given("etc/more"))), f"{registry.host}/lab/base:1"
    skopeo("copy", "--dest-tls-verify=false", "--preserve-digests", f"oci:{other.path}", f"docker://{reference}")
    replace(project.folder / "config/config.yaml", "base: elsewhere", f"base: {reference}")
    assert started(project.build("verify", environment={"XDG_CACHE_HOME": str(tmp_path)})) == stages | {"verify"}
    labels = json.loads(skopeo("inspect", f"oci:{project.product('small', 'oci')}"))["Labels"]
    top = json.loads((other.path / "index.json").read_text())["manifests"][0]["digest"]
    found = labels["org.opencontainers.image.base.name"], labels["org.opencontainers.image.base.digest"]
    assert found == (reference, top)


def test_missing_base_ends_the_run_in_one_line_before_any_job(project):
    fill(project.folder / "data", FILES)
    project.configure(small={"path": "data", "base": "missing"})
    text = fails(project)
    assert "error: datasets.small.base: the base 'missing' does not exist: write the path of an image layout" in text
    assert "Traceback" not in text
    assert not project.product("small", "").exists()


def test_damaged_layer_of_a_base_ends_the_run_in_one_line(based, tmp_path, busybox):
    project = based.copy(tmp_path / "project")
    shutil.rmtree(project.folder / "base")
    made = write_base(project.folder / "base", busybox, layer(Given("etc/more")))
    blob = max((made.path / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    blob.write_bytes(blob.read_bytes()[:-100] + bytes(100))
    text = fails(project)
    assert f"error: base small: the layer sha256:{blob.name} of the base cannot be read" in text
    assert "Traceback" not in text
    assert started(text) == {"base"}


def test_base_that_a_rule_makes_is_made_first(based, project):
    shutil.copytree(based.folder / "base", project.folder / "made")
    fill(project.folder / "data", FILES)
    config = {"outdir": "packed", "datasets": {"m": {"path": "data", "base": "base.tar", "formats": ["oci"]}}}
    (project.folder / "Snakefile").write_text(
        f"rule make_base:\n    output: 'base.tar'\n    shell: 'tar -cf {{output}} -C made .'\n"
        f"module dc:\n    snakefile: '{ROOT}/workflow/Snakefile'\n    config: {config}\nuse rule * from dc as dc_*\n"
    )
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "packed/m/stages/seals/base.seal"]
    first = run(command, project.folder)
    assert first.status == 0, first.text
    assert (project.folder / "packed/m/stages/base/index.json").exists()
    assert "Nothing to be done" in run(command, project.folder).text


def test_push_ls_and_diff_of_an_image_with_a_base(based, registry, tmp_path):
    reference = f"{registry.host}/lab/small:1.0"
    home = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "scripts")}

    def call(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "datacontainer", *words],
            cwd=based.folder,
            env=home,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    call("push", "small", reference)
    assert call("ls", reference, "-ls").encode() == LISTED
    # Another status than 0 is a difference.
    call("diff", reference, str(based.product("small", "oci")))
