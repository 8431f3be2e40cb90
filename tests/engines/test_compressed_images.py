"""Tests of images with gzip and zstd compression in Docker, podman, skopeo, umoci and Apptainer."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from tools.docker import LIMITS, RUN
from tools.engines import lacking
from tools.images import keys, packed, tree_of, umask
from tools.trees import fill
from tools.workflow import Project

WARNING = "warning: {0}.docker.tar: its layers are compressed with zstd, which Docker before version 23 cannot load"
COMMENT = "{0}.docker.tar   # Docker 23 or later: the layers are compressed with zstd"


@pytest.fixture(scope="module")
def finished(short_folder: Path) -> tuple[Project, str]:
    """A project with two datasets, named by their compression, and verified images; and the output of Snakemake.

    The datasets differ from the datasets of other tests, because Docker skips a layer that it already has.
    """
    # pytest may create the fixture more than once: it groups tests by the scope of parametrized fixtures.
    project = Project(Path(tempfile.mkdtemp(prefix="compressed-", dir=short_folder)))
    project.folder.chmod(0o755)
    datasets = {}
    for name in ("gzip", "zstd"):
        fill(project.folder / name, {b"a/" + name.encode(): b"12345\n" * 9000, b"b": name.encode(), b"run": b"#!\n"})
        (project.folder / name / "run").chmod(0o755)
        datasets[name] = {"path": name, "compression": name}
    project.configure(**datasets)
    with umask(0o022):
        done = project.snakemake("verify")
    assert done.status == 0, done.text
    return project, done.text


@pytest.fixture(scope="module")
def images(finished: tuple[Project, str]) -> Project:
    """The project without the output."""
    return finished[0]


def test_snakemake_warns_about_zstd_and_its_dockerfile_adds_no_layer(finished):
    images, text = finished
    for line in (WARNING, COMMENT):
        assert text.count(line.format("zstd")) == 1
        assert line.format("gzip") not in text
    assert WARNING[9:].format("zstd") in (images.folder / "results/logs/zstd/assemble_archive.log").read_text()
    lines = images.product("zstd", "Dockerfile").read_text().splitlines()
    assert lines[1] == "FROM zstd:1.0"
    assert not [line for line in lines if line.startswith("ADD")]


def test_docker_loads_builds_and_runs_gzip(docker, images, tmp_path):
    assert "gzip:1.0" in docker.text("load", "-i", images.product("gzip", "gzip.docker.tar"))
    docker("build", "--network", "none", "-t", "built-of-gzip", images.product("gzip", "."))
    for image in ("gzip:1.0", "built-of-gzip"):
        assert docker(*RUN, image, "-ls", "-null") == keys(images.folder / "gzip")
        assert b"no differences" in docker(*RUN, image, "-verify")
    docker(*RUN, "-v", f"{tmp_path}:/out", "gzip:1.0", "-export", "/out")
    assert packed(tree_of(tmp_path)) == packed(tree_of(images.folder / "gzip"))


def test_docker_before_23_does_not_load_zstd(docker, images):
    if int(docker.text("version", "-f", "{{.Server.Version}}").split(".")[0]) >= 23:
        lacking("this Docker is version 23 or later")
    done = docker.run("load", "-i", images.product("zstd", "zstd.docker.tar"), status=1)
    assert b"unexpected EOF" in done.stderr or b"invalid tar header" in done.stderr
    assert docker("images", "-q", "zstd:1.0") == b""


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_podman_loads_and_runs(podman, images, name):
    assert f"{name}:1.0" in podman.text("load", "-i", images.product(name, f"{name}.docker.tar"))
    (image,) = json.loads(podman("image", "inspect", f"{name}:1.0"))
    assert image["Id"] == images.image_id(name)
    assert podman(*RUN, *LIMITS, f"{name}:1.0", "-ls", "-null") == keys(images.folder / name)
    assert b"no differences" in podman(*RUN, *LIMITS, f"{name}:1.0", "-verify")


@pytest.mark.parametrize("name", ["gzip", "zstd"])
@pytest.mark.parametrize("form", ["oci:{}/oci", "oci-archive:{}/{}.docker.tar", "docker-archive:{}/{}.docker.tar"])
def test_skopeo_copies(skopeo, images, tmp_path, name, form):
    source = form.format(images.product(name, "."), name)
    skopeo("copy", "--quiet", source, f"dir:{tmp_path}/copy")
    skopeo("copy", "--quiet", "--dest-decompress", source, f"dir:{tmp_path}/plain")
    config = json.loads(skopeo("inspect", "--config", source))
    copied = {path.name for path in (tmp_path / "plain").iterdir()}
    assert {digest[7:] for digest in config["rootfs"]["diff_ids"]} <= copied


def test_umoci_unpacks_gzip(umoci, images, tmp_path):
    shutil.copytree(images.product("gzip", "oci"), tmp_path / "oci")
    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    umoci("unpack", *rootless, "--image", f"{tmp_path}/oci:1.0", tmp_path / "bundle")
    assert tree_of(tmp_path / "bundle/rootfs/data") == packed(tree_of(images.folder / "gzip"))


@pytest.mark.parametrize("name", ["gzip", "zstd"])
@pytest.mark.parametrize("form", ["{0}/{1}.sif", "oci:{0}/oci", "docker-archive:{0}/{1}.docker.tar"])
def test_apptainer_runs_and_binds(apptainer, images, sandbox, name, form):
    source = form.format(images.product(name, "."), name)
    assert apptainer("run", "--userns", source, "-ls", "-null") == keys(images.folder / name)
    if form.endswith("sif"):
        assert b"no differences" in apptainer("run", "--userns", source, "-verify")
        bind = ["--bind", f"{source}:/data:image-src=/data,ro"]
        assert apptainer("exec", "--userns", *bind, sandbox, "cat", "/data/b") == name.encode()


def test_snakemake_other_compression_rebuilds_the_images(short_folder):
    project = Project(short_folder / "changing")
    fill(project.folder / "changing", {b"one": b"1" * 5000, b"two": b"2"})
    for compression in ("zstd", "none"):
        project.configure(changing={"path": "changing", "compression": compression})
        done = project.snakemake("verify")
        assert done.status == 0, done.text
        assert (b"tar+zstd" in layer_types(project)) == (compression == "zstd")


def layer_types(project: Project) -> bytes:
    """The manifest of the dataset `changing`."""
    layout = project.product("changing", "oci")
    (top,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    return (layout / "blobs/sha256" / top["digest"][7:]).read_bytes()
