"""The digests on report pages, compared with skopeo, and the pages' commands, run as pasted."""

import json
import os
import re
import shlex
import shutil
import sys
from hashlib import sha256
from html import unescape

import pytest

from datacontainer.report.images import Package, commands
from tools.docker import LIMITS
from tools.engines import Tool
from tools.images import keys, listing, packed, tree_of
from tools.products import sha256sum

INDEX = "application/vnd.oci.image.index.v1+json"
BASH = Tool(("env",))


@pytest.fixture(scope="module")
def page(images):
    """Returns the HTML of a dataset's page."""
    return lambda name: images.product(name, "report.html").read_text()


@pytest.fixture(scope="module")
def lines(page):
    """Returns the commands on a dataset's page, by purpose."""

    def found(name):
        pairs = re.findall(r"<dt>(.*)</dt>\n *<dd><code>(.*)</code></dd>", page(name))
        return {unescape(purpose): unescape(line) for purpose, line in pairs}

    return found


def pasted(line: str, name: str, tool: Tool, options: str, shell: Tool = BASH, **where: object) -> bytes:
    """Runs a line in bash; the command `name` is the tests' tool, with more options after its subcommand."""
    command = shlex.join(map(str, tool.command))
    function = f'{name}() {{ local subcommand=$1; shift; command {command} "$subcommand" {options} "$@"; }}'
    return shell("bash", "-euc", f"{function}\n{line}", **where)


@pytest.mark.parametrize(("name", "architectures"), [("fruit", ["amd64"]), ("odd", ["amd64", "arm64"])])
def test_page_has_the_digests_of_skopeo_and_sha256sum(skopeo, images, page, name, architectures):
    text = page(name)
    for architecture in architectures:
        layout = f"oci:{images.product(name, 'oci')}"
        seen = json.loads(skopeo("--override-arch", architecture, "inspect", layout))
        config = skopeo("--override-arch", architecture, "inspect", "--config", "--raw", layout)
        assert f"linux/{architecture}</dt>\n    <dd>{len(seen['Layers'])} layers" in text
        assert f"image ID</dt>\n    <dd><code>sha256:{sha256(config).hexdigest()}</code>" in text
    assert f"{name}.sif</dt>" in text
    assert f"sha256 <code>{sha256sum(images.product(name, f'{name}.sif'))}</code>" in text
    assert text.count("<dt>image ID</dt>") == len(architectures)


def test_page_has_the_digest_of_the_manifest_that_skopeo_copies(skopeo, images, page, tmp_path):
    skopeo("copy", "--quiet", f"oci:{images.product('fruit', 'oci')}", f"dir:{tmp_path}/copy")
    assert f"<code>sha256:{sha256sum(tmp_path / 'copy/manifest.json')}</code>" in page("fruit")


@pytest.mark.parametrize("name", ["fruit", "odd"])
def test_commands_for_docker_load_list_and_copy(docker, images, lines, tmp_path, name):
    commands = lines(name)
    line = commands["load the image into Docker"]
    assert pasted(line, "docker", docker, "", cwd=images.product(name, ".")).startswith(
        b"Loaded image: %b:" % name.encode()
    )
    # The tests' daemon has no bridge network.
    line = commands["list the files with Docker"]
    assert pasted(f"{line} -ls -null", "docker", docker, "--network none") == keys(images.folder / name)
    pasted(commands["copy the files to ./out with Docker"], "docker", docker, "--network none", cwd=tmp_path)
    assert packed(tree_of(tmp_path / "out")) == packed(tree_of(images.folder / name))


def test_command_for_docker_writes_files_of_the_user(docker, images, lines, tmp_path):
    docker("load", "-i", images.product("fruit", "fruit.docker.tar"))
    (tmp_path / "out").mkdir()
    os.chown(tmp_path / "out", 1234, 5678)
    line = (
        "id() { case $1 in -u) echo 1234 ;; -g) echo 5678 ;; esac; }; "
        + lines("fruit")["copy the files to ./out with Docker"]
    )
    pasted(line, "docker", docker, "--network none", cwd=tmp_path)
    copied = (tmp_path / "out/tomato.txt").stat()
    assert (copied.st_uid, copied.st_gid) == (1234, 5678)


def test_commands_for_podman_list_and_copy_the_files(podman, images, lines, tmp_path):
    podman("load", "-i", images.product("fruit", "fruit.docker.tar"))
    options = f"--network none {shlex.join(LIMITS)}"
    listed = pasted(
        lines("fruit")["list the files with Podman"], "podman", podman, options, cwd=images.product("fruit", ".")
    )
    assert listed.count(b"\n/data/") + listed.startswith(b"/data/") == 2
    pasted(lines("fruit")["copy the files to ./out with rootless Podman"], "podman", podman, options, cwd=tmp_path)
    assert packed(tree_of(tmp_path / "out")) == packed(tree_of(images.folder / "fruit"))


def test_commands_for_apptainer_list_copy_and_bind(apptainer, images, lines, home, sandbox):
    commands, shell, program = lines("fruit"), Tool(apptainer.command[:-1]), Tool(apptainer.command[-1:])
    sif = shutil.copy(images.product("fruit", "fruit.sif"), home)

    def run(line: str) -> bytes:
        return pasted(line, "apptainer", program, "--userns", shell)

    assert run(commands["list the files with Apptainer"]) == listing(images.folder / "fruit")
    run(commands["copy the files to ./out with Apptainer"])
    assert packed(tree_of(home / "out")) == packed(tree_of(images.folder / "fruit"))
    shutil.rmtree(home / "out")
    line = commands["bind the files into another container"]
    assert line.endswith(" OTHER.sif ls /data")
    # The small system has no ls.
    line = line.replace("OTHER.sif ls", f"{shlex.quote(str(sandbox))} find") + " -type f"
    assert sorted(run(line).split()) == [b"/data/avocado.txt", b"/data/tomato.txt"]
    os.unlink(sif)


def test_commands_for_skopeo_and_registry_show_and_push(skopeo, images, lines, registry):
    commands, folder = lines("odd"), images.product("odd", ".")
    labels = json.loads(pasted(commands["show the image's properties"], "skopeo", skopeo, "", cwd=folder))["Labels"]
    assert labels["org.opencontainers.image.version"] == "2.0"
    push = commands["push the image to a registry"].replace("REGISTRY", registry.host)
    program = Tool((sys.executable, "-m", "datacontainer"))
    pasted(push, "datacontainer", program, "", cwd=folder)
    assert len(json.loads(registry.get("odd/manifests/2.0", INDEX))["manifests"]) == 2


def test_commands_for_a_pushed_image_get_list_and_compare_it(images, registry, tmp_path):
    reference, folder = f"{registry.host}/lab/odd:2.0", images.product("odd", ".")
    found = {one.purpose: one.line for one in commands("odd:2.0", "/data", "oci", {}, reference)}
    program = Tool((sys.executable, "-m", "datacontainer"))
    program("push", "odd", reference, "--outdir", images.layout_alone("odd", tmp_path / "results"))

    def paste(purpose: str, where: object) -> bytes:
        return pasted(found[purpose], "datacontainer", program, "", cwd=where)

    assert found["pull the image from the registry"] == f"docker pull {reference}"
    paste("copy the files from the registry to ./out, without Docker", tmp_path)
    assert packed(tree_of(tmp_path / "out")) == packed(tree_of(images.folder / "odd"))
    line = f"{found['list the files in the registry']} -ls -null"
    assert pasted(line, "datacontainer", program, "", cwd=tmp_path) == keys(images.folder / "odd")
    assert paste("compare the image in the registry with this one", folder) == b"no differences\n"
    listed = paste("list the images of all pushes, and the commands that compare them", tmp_path).decode()
    digest = json.loads((folder / "oci/index.json").read_bytes())["manifests"][0]["digest"]
    assert [line.split("\t")[0] for line in listed.splitlines()] == [digest]


def test_commands_large_sif_has_a_sha256sum_and_odd_mount_is_quoted():
    found = {command.purpose: command.line for command in commands("a:1", "/m n", "oci", {"sif": Package("a.sif", 9)})}
    assert found["compute the sha256 of the SIF"] == "sha256sum a.sif"
    bind = "apptainer exec --bind 'a.sif:/m n:image-src=/m n' OTHER.sif ls '/m n'"
    assert found["bind the files into another container"] == bind
    assert not [line for line in found.values() if "docker run" in line]
