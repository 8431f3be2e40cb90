"""The same names and contents give identical images in any folder and environment."""

import hashlib
import json
import os

import pytest

from tools.images import copy_backwards, fill_odd, umask
from tools.workflow import ROOT, Project

# Variables that may differ between two machines, and between two users of one machine.
HERE = {"TZ": "UTC", "LANG": "C", "PYTHONHASHSEED": "1"}
THERE = {
    "GOAMD64": "v3",
    "GOFLAGS": "-tags=other -ldflags=-X=main.name=other",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "2",
    "SOURCE_DATE_EPOCH": "1700000000",
    "TZ": "Pacific/Chatham",
    "USER": "someone",
}


def build(project: Project, cores: int, mask: int, environment: dict[str, str]) -> None:
    """Builds the images of the folder `data`, with a name that does not depend on the path."""
    project.configure(same={"path": "data", "platforms": ["linux/amd64", "linux/arm64"]})
    with umask(mask):
        project.build(cores=cores, environment=environment)


def digests(project: Project) -> dict[str, str]:
    """The sha256 of each product that depends only on the data."""
    top = project.product("same", ".")
    files = ["same.sif", "same.docker.tar", "Dockerfile"]
    files += [str(path.relative_to(top)) for folder in ("oci", "bin") for path in top.glob(f"{folder}/**/*")]
    return {file: hashlib.sha256((top / file).read_bytes()).hexdigest() for file in files if (top / file).is_file()}


@pytest.fixture(scope="module")
def here_and_there(tmp_path_factory) -> tuple[Project, Project]:
    """Two projects with the same data, but different paths, environments, umasks and numbers of cores."""
    here = Project(tmp_path_factory.mktemp("here"))
    there = Project(tmp_path_factory.mktemp("there") / "deeper down")
    there.folder.mkdir()
    fill_odd(here.folder / "data")
    copy_backwards(here.folder / "data", there.folder / "data")
    build(here, cores=1, mask=0o022, environment=HERE)
    build(there, cores=2, mask=0o077, environment=THERE)
    return here, there


def test_build_elsewhere_gives_the_same_image_id(here_and_there):
    here, there = here_and_there
    assert here.image_id("same") == there.image_id("same")


def test_build_elsewhere_gives_the_same_bytes(here_and_there):
    here, there = (digests(project) for project in here_and_there)
    assert {"same.sif", "same.docker.tar", "oci/index.json", "bin/linux-arm64/entrypoint"} <= set(here)
    assert len([file for file in here if file.startswith("oci/blobs/")]) >= 8
    assert here == there


def test_build_elsewhere_gives_the_same_layers(here_and_there):
    layers = [json.loads(project.product("same", "oci/manifest.json").read_bytes()) for project in here_and_there]
    assert layers[0][0]["Layers"] == layers[1][0]["Layers"]


def test_products_contain_no_path_of_the_build(here_and_there):
    for project in here_and_there:
        for file in ("same.sif", "same.docker.tar", "dataset.json"):
            content = project.product("same", file).read_bytes()
            for path in (project.folder, ROOT):
                assert os.fsencode(path) not in content, f"{file} contains {path}"
