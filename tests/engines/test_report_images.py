"""What reports say of finished images, against skopeo and Docker, and the commands that they tell to paste."""

import json
import os
import re
import shlex
import shutil
from hashlib import sha256
from html import unescape

import pytest

from datacontainer.report.images import Package, commands
from tools.images import keys, listing, packed, tree_of
from tools.products import sha256sum


@pytest.fixture(scope="module")
def page(images):
    """The text of a dataset's page."""
    return lambda name: images.product(name, "report.html").read_text()


@pytest.fixture(scope="module")
def lines(page):
    """The commands on a dataset's page, by what they are for."""

    def found(name):
        pairs = re.findall(r"<dt>(.*)</dt>\n *<dd><code>(.*)</code></dd>", page(name))
        return {unescape(purpose): shlex.split(unescape(line)) for purpose, line in pairs}

    return found


@pytest.mark.parametrize(("name", "architectures"), [("fruit", ["amd64"]), ("odd", ["amd64", "arm64"])])
def test_page_has_the_digests_that_skopeo_and_sha256sum_give(skopeo, images, page, name, architectures):
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


def test_page_has_the_manifests_digest_that_skopeo_copies(skopeo, images, page, tmp_path):
    skopeo("copy", "--quiet", f"oci:{images.product('fruit', 'oci')}", f"dir:{tmp_path}/copy")
    assert f"<code>sha256:{sha256sum(tmp_path / 'copy/manifest.json')}</code>" in page("fruit")


def test_commands_for_docker_do_what_they_are_for(docker, images, lines, tmp_path):
    for name in ("fruit", "odd"):
        told, folder = lines(name), images.product(name, ".")
        assert docker.text(*told["load it into Docker"][1:], cwd=folder).startswith(f"Loaded image: {name}:")
        run, *rest = told["list the files with Docker"][1:]
        # The tests' daemon has no network to give.
        assert docker(run, "--network", "none", *rest, "-ls", "-null") == keys(images.folder / name)
    assert docker(run, "--network", "none", *lines("fruit")["list the files with Docker"][2:]) == listing(
        images.folder / "fruit"
    )
    run, *rest = (word.replace("$PWD", str(tmp_path)) for word in lines("odd")["copy them out with Docker"][1:])
    docker(run, "--network", "none", *rest)
    assert packed(tree_of(tmp_path / "out")) == packed(tree_of(images.folder / "odd"))


def test_commands_for_apptainer_do_what_they_are_for(apptainer, images, lines, home, sandbox):
    told = lines("fruit")
    sif = shutil.copy(images.product("fruit", "fruit.sif"), home)
    run, *rest = told["list the files with Apptainer"][1:]
    assert rest == ["fruit.sif"]
    assert apptainer(run, "--userns", *rest) == listing(images.folder / "fruit")
    run, *rest = told["give the files to another container"][1:]
    rest = [str(sandbox) if word == "OTHER.sif" else word for word in rest]
    assert rest[-2:] == ["ls", "/data"]
    # The small system has no ls.
    found = apptainer(run, "--userns", *rest[:-2], "find", "/data", "-type", "f").split()
    assert sorted(found) == [b"/data/avocado.txt", b"/data/tomato.txt"]
    os.unlink(sif)


def test_commands_for_skopeo_do_what_they_are_for(skopeo, images, lines, tmp_path):
    told, folder = lines("odd"), images.product("odd", ".")
    labels = json.loads(skopeo(*told["look at the layout"][1:], cwd=folder))["Labels"]
    assert labels["org.opencontainers.image.version"] == "2.0"
    *copy, target = told["push it to a registry"][1:]
    assert target == "docker://REGISTRY/odd:2.0"
    skopeo(*copy, f"dir:{tmp_path}/copy", cwd=folder)
    assert len(json.loads((tmp_path / "copy/manifest.json").read_bytes())["manifests"]) == 2


def test_commands_large_sif_asks_for_its_digest_and_odd_mount_is_quoted():
    told = {command.purpose: command.line for command in commands("a:1", "/m n", "oci", {"sif": Package("a.sif", 9)})}
    assert told["compute the digest of the SIF"] == "sha256sum a.sif"
    bind = "apptainer exec --bind 'a.sif:/m n:image-src=/m n' OTHER.sif ls '/m n'"
    assert told["give the files to another container"] == bind
    assert not [line for line in told.values() if line.startswith("docker")]
