"""Tests of the images in Docker, podman, skopeo and umoci: load, run, query, copy from, and build on."""

import io
import json
import os
import re
import shlex
import shutil
import sys
import time
from pathlib import Path

import pytest

from datacontainer import __version__
from tools.docker import LIMITS, RUN
from tools.engines import Tool
from tools.fruit import SIX_USES
from tools.images import LARGE, fruit_files, keys, listing, packed, tree_of, tree_of_tar
from tools.workflow import ROOT

# The paths in the image of the dataset `fruit`.
CONTENT = (
    *(b"data", b"data/avocado.txt", b"data/tomato.txt", b"entrypoint"),
    *(b".datacontainer", b".datacontainer/catalog.parquet", b".datacontainer/dataset.json"),
)
# Files that Docker adds to every container; `docker export` includes them.
DOCKER_FILES = re.compile(r"\.dockerenv|(dev|etc|proc|sys)(/.*)?")
CONTENTS = b"".join(content for _, content in sorted(fruit_files().items()))


def load(docker, images, name):
    """Loads the image of a dataset and returns its name and version."""
    printed = docker.text("load", "-i", images.product(name, f"{name}.docker.tar"))
    return printed.removeprefix("Loaded image: ")


@pytest.fixture(scope="module")
def fruit(docker, images):
    return load(docker, images, "fruit")


def datacontainer(tool, folder):
    """The command line, with the tests' own engine on its PATH. folder: an empty one."""
    engine = folder / Path(tool.command[0]).name
    engine.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, tool.command))} "$@"\n')
    engine.chmod(0o755)
    settings = (f"PATH={folder}:{os.environ['PATH']}", f"XDG_CACHE_HOME={folder}")
    return Tool(("env", *settings, sys.executable, ROOT / "scripts/datacontainer"))


def stream(tool, images, name, folder):
    """Loads the image of a dataset with `datacontainer load`; returns the name that it prints. folder: an empty one."""
    engine = Path(tool.command[0]).name
    printed = datacontainer(tool, folder).text("load", name, "--engine", engine, cwd=images.folder)
    return printed.removeprefix("Loaded image: ")


@pytest.fixture(scope="module")
def odd(docker, images, tmp_path_factory):
    return stream(docker, images, "odd", tmp_path_factory.mktemp("engine"))


@pytest.fixture
def copied_from(docker):
    """Returns a folder of an image, copied by `docker cp`."""

    def copied(image, folder):
        container = docker.text("create", "--network", "none", image)
        return tree_of_tar(io.BytesIO(docker("cp", f"{container}:{folder}", "-")), folder.strip("/").encode())

    return copied


def test_run_prints_the_six_uses_and_the_listing_of_the_readme(docker, fruit):
    assert fruit == "fruit:1.0"
    assert {use: docker(*RUN, fruit, *use.split()) for use in SIX_USES} == SIX_USES
    assert SIX_USES[""].decode() in (ROOT / "README.md").read_text()


def test_run_wrong_usage_exits_with_2_and_a_query_without_match_with_1(docker, fruit):
    done = docker.run(*RUN, fruit, "-no-such-flag", status=2)
    assert done.stdout == b""
    assert b"no-such-flag" in done.stderr
    assert b"-metric" in done.stderr
    done = docker.run(*RUN, fruit, "-get", "potato", status=1)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_run_with_a_low_limit_of_processes_works_or_names_it(docker, fruit):
    assert b"no differences" in docker(*RUN, "--pids-limit=8", fruit, "-verify")
    errors = docker.run(*RUN, "--pids-limit=5", fruit, "-verify", status=1).stderr
    assert errors.startswith(b"error: the limit of processes and threads is 5, expected at least 8: raise it")


def test_run_without_privileges_prints_the_same(docker, fruit, images):
    locked = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "65534:65534"]
    assert docker(*RUN, *locked, fruit) == listing(images.folder / "fruit")


def test_run_cat_prints_the_content_of_a_file(docker, odd):
    assert docker(*RUN, odd, "-cat", "/data/large") == LARGE


@pytest.mark.parametrize("options", [["-v", "{folder}:/out"], ["--read-only"]])
def test_run_export_folder_not_writable_advises_mkdir_and_user(docker, fruit, tmp_path, options):
    tmp_path.chmod(0o755)
    options = [option.format(folder=tmp_path) for option in options]
    done = docker.run(*RUN, "--user", "65534:65534", *options, fruit, "-export", "/out", status=1)
    advice = 'mkdir -p out && docker run --user "$(id -u):$(id -g)" -v "$PWD/out:/out" IMAGE -export /out'
    assert f"; export to a folder that user 65534 can write to: {advice}" in done.stderr.decode()


def test_run_export_inside_of_the_container_warns(docker, fruit):
    errors = docker.run(*RUN, fruit, "-export", "/out").stderr
    assert errors.startswith(b'warning: "/out" is inside of the container and will be deleted with it: mkdir -p out ')


def test_run_verify_prints_the_replaced_file(docker, odd, tmp_path):
    docker(*RUN, odd, "-verify")
    (tmp_path / "one").write_text("2")
    (tmp_path / "Dockerfile").write_text(f"FROM {odd}\nCOPY one /data/sub/one\n")
    docker("build", "--network", "none", "-t", "replaced", tmp_path)
    printed = docker.run(*RUN, "replaced", "-verify", status=1).stdout
    assert b"/data/sub/one: " in printed
    assert len(printed.splitlines()) == 2


def test_inspect_shows_id_labels_and_entrypoint_and_no_volume(docker, fruit, images):
    (image,) = json.loads(docker("image", "inspect", fruit))
    assert image["Id"] == f"sha256:{images.image_id('fruit')}"
    config = image["Config"]
    assert config["Entrypoint"] == ["/entrypoint"]
    assert not config["Volumes"]
    assert (image["Os"], image["Architecture"]) == ("linux", "amd64")
    labels = config["Labels"]
    assert labels.pop("io.datacontainer.dataset.digest").startswith("sha256:")
    assert labels == {
        "io.datacontainer.dataset.bytes": "17",
        "io.datacontainer.dataset.files": "2",
        "io.datacontainer.mount": "/data",
        "io.datacontainer.version": __version__,
        "org.opencontainers.image.authors": 'A. "Green" Gardener',
        "org.opencontainers.image.licenses": "CC0-1.0",
        "org.opencontainers.image.title": "fruit",
        "org.opencontainers.image.version": "1.0",
    }


def test_cp_copies_the_dataset_byte_for_byte(copied_from, fruit, odd, images):
    assert copied_from(fruit, "/data") == packed(tree_of(images.folder / "fruit"))
    assert copied_from(odd, "/data") == packed(tree_of(images.folder / "odd"))


def test_docker_export_contains_only_data_and_entrypoint(docker, fruit):
    container = docker.text("create", "--network", "none", fruit)
    exported = tree_of_tar(io.BytesIO(docker("export", container)), b".")
    names = {path.decode() for path in exported} - {""}
    ours = {name for name in names if not DOCKER_FILES.fullmatch(name)}
    assert ours == {name.decode() for name in CONTENT}


def test_start_uses_no_cpu_time_and_exits_on_stop(docker, fruit, busybox_image):
    container = docker.text("run", "-d", "--network", "none", fruit, "-start")
    twice = "cat /proc/1/stat; sleep 1.5; cat /proc/1/stat"
    shared = ["--network", "none", "--pid", f"container:{container}"]
    before, after = docker.text("run", "--rm", *shared, busybox_image, "sh", "-c", twice).splitlines()
    assert sum(_ticks(after)) - sum(_ticks(before)) <= 1
    assert docker.text("inspect", "-f", "{{.State.Running}}", container) == "true"
    started = time.monotonic()
    docker("stop", "-t", "60", container)
    assert time.monotonic() - started < 30
    assert docker.text("inspect", "-f", "{{.State.ExitCode}}", container) == "0"
    assert docker.text("logs", container) == ""


def _ticks(stat: str) -> tuple[int, int]:
    """utime and stime of a line of /proc/PID/stat: proc(5)."""
    assert stat.startswith("1 (entrypoint) S")
    fields = stat.split()
    return int(fields[13]), int(fields[14])


def test_volume_shares_the_data_with_another_container(docker, fruit, busybox_image):
    docker("create", "--network", "none", "-v", "of-fruit:/data", fruit)
    printed = docker(*RUN, "-v", "of-fruit:/data:ro", busybox_image, "cat", "/data/avocado.txt", "/data/tomato.txt")
    assert printed == CONTENTS


def test_mount_of_the_image_reads_the_data_or_is_refused_before_docker_28(docker, fruit, busybox_image):
    mount = ("--mount", f"type=image,source={fruit},target=/data,image-subpath=data")
    read = ("cat", "/data/avocado.txt", "/data/tomato.txt")
    if int(docker.text("version", "--format", "{{.Server.Version}}").partition(".")[0]) >= 28:
        assert docker(*RUN, *mount, busybox_image, *read) == CONTENTS
    else:
        errors = docker.run(*RUN, *mount, busybox_image, *read, status=125).stderr
        assert b"unexpected key 'image-subpath'" in errors


def test_compose_example_reads_the_data_in_a_second_service(compose, fruit, busybox_image):
    example = ("-p", "example", "-f", ROOT / "examples/compose/docker-compose.yml")
    environment = {**os.environ, "DATA_IMAGE": fruit, "READER_IMAGE": busybox_image}
    printed = compose.text(*example, "up", "--no-color", "--exit-code-from", "reader", env=environment)
    compose(*example, "down", "-v", env=environment)
    read = {line.partition("| ")[2] for line in printed.splitlines() if line.startswith("reader")}
    assert set(CONTENTS.decode().splitlines()) <= read


def test_build_dockerfile_has_the_same_data_and_labels(docker, fruit, images):
    docker("build", "--network", "none", "-t", "rebuilt", images.product("fruit", "."))
    assert docker(*RUN, "rebuilt") == listing(images.folder / "fruit")
    (labels,) = {docker("image", "inspect", "-f", "{{json .Config.Labels}}", name) for name in ("rebuilt", fruit)}
    assert json.loads(labels)["io.datacontainer.dataset.files"] == "2"


def test_build_dockerfile_keeps_unusual_names_and_modes(docker, copied_from, images):
    docker("build", "--network", "none", "-t", "rebuilt-odd", images.product("odd", "."))
    assert copied_from("rebuilt-odd", "/data") == packed(tree_of(images.folder / "odd"))


def test_build_from_image_contains_data_and_added_file(docker, copied_from, fruit, images, tmp_path):
    (tmp_path / "notes.txt").write_text("ripe\n")
    (tmp_path / "Dockerfile").write_text(f"FROM {fruit}\nCOPY notes.txt /notes/\n")
    docker("build", "--network", "none", "-t", "extended", tmp_path)
    assert docker(*RUN, "extended") == listing(images.folder / "fruit")
    assert copied_from("extended", "/notes")[b"notes.txt"].content == b"ripe\n"


@pytest.mark.parametrize("tag", ["fruit:1.0", "odd:2.0"])
def test_podman_loads_the_platform_of_this_machine_and_runs_it(podman, images, tag, tmp_path):
    name, _, version = tag.partition(":")
    if name == "fruit":
        assert tag in podman.text("load", "-i", images.product(name, f"{name}.docker.tar"))
    else:
        assert stream(podman, images, name, tmp_path).endswith(f"/{tag}")
    (image,) = json.loads(podman("image", "inspect", tag))
    assert (image["Id"], image["Architecture"]) == (images.image_id(name), "amd64")
    assert image["Config"]["Labels"]["org.opencontainers.image.version"] == version
    assert podman(*RUN, *LIMITS, tag, "-ls", "-null") == keys(images.folder / name)


def test_skopeo_layout_and_both_archives_are_one_image(skopeo, images):
    layout, archive = images.product("fruit", "oci"), images.product("fruit", "fruit.docker.tar")
    sources = [f"oci:{layout}", f"oci:{layout}:1.0", f"oci-archive:{archive}", f"docker-archive:{archive}"]
    seen = [json.loads(skopeo("inspect", source)) for source in sources]
    (top,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    assert [one["Digest"] for one in seen[:3]] == [top["digest"]] * 3
    for one in seen[1:]:
        assert (one["Layers"], one["Labels"]) == (seen[0]["Layers"], seen[0]["Labels"])
    assert len({skopeo("inspect", "--config", source) for source in sources}) == 1


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_skopeo_finds_each_platform_in_the_layout(skopeo, images, architecture):
    seen = json.loads(skopeo("--override-arch", architecture, "inspect", f"oci:{images.product('odd', 'oci')}"))
    assert seen["Architecture"] == architecture


def test_umoci_unpacks_the_layout(umoci, images, tmp_path):
    layout = tmp_path / "oci"
    shutil.copytree(images.product("fruit", "oci"), layout)
    assert umoci.text("ls", "--layout", layout) == "1.0"
    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    umoci("unpack", *rootless, "--image", f"{layout}:1.0", tmp_path / "bundle")
    tree = tree_of(tmp_path / "bundle/rootfs")
    assert set(tree) == {b"", *CONTENT}
    assert tree_of(tmp_path / "bundle/rootfs/data") == packed(tree_of(images.folder / "fruit"))


@pytest.mark.parametrize("engine", ["docker", "podman"])
def test_diff_image_in_an_engine_starts_nothing_and_leaves_no_container(images, engine, tmp_path, request):
    client = request.getfixturevalue(engine)
    load(client, images, "fruit")
    containers = client("ps", "--all", "--quiet")
    program, layout = datacontainer(client, tmp_path), images.product("fruit", "oci")
    assert program.text("diff", f"{engine}:fruit:1.0", layout) == "no differences"
    done = program.run("diff", f"{engine}:none:1.0", layout, status=2)
    assert f"{engine} has no image 'none:1.0'" in done.stderr.decode()
    assert client("ps", "--all", "--quiet") == containers
