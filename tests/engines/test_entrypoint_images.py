"""Tests of the entrypoint on another platform, and in images with the index as a separate file."""

import json
import subprocess
from pathlib import Path

import pytest

from datacontainer.config.dataset import Identity
from datacontainer.entrypoint.gobuild import host_architecture
from datacontainer.entrypoint.names import EXTERNAL_INDEX
from datacontainer.image.archive import assemble_archive
from datacontainer.image.assemble import ShardLayer, assemble_layout
from datacontainer.sif.convert import SifRequest, convert
from tools.catalogs import nasty_catalog
from tools.engines import Tool, require_tool
from tools.fruit import SIX_USES, fruit_catalog
from tools.images import Entry, fruit_files
from tools.squashfs import FILE, FOLDER, layer_of

HOST = host_architecture()
IDENTITY = Identity("beside", "1.0", "/data")
QUERIES = [
    "",
    "-metric mean -desc",
    "-format json -where a.mean>0",
    "-metric count -search 9 -limit 7",
    "-format csv",
    "-schema",
]


@pytest.fixture(scope="module")
def foreign(entrypoint_of) -> Tool:
    """The entrypoint of the other platform in an emulator, with the index as a separate file."""
    architecture, emulator = {"amd64": ("arm64", "aarch64"), "arm64": ("amd64", "x86_64")}[HOST]
    program = require_tool(f"qemu-{emulator}-static")
    return Tool((program, entrypoint_of(fruit_catalog(), beside=True, platform=f"linux/{architecture}")))


@pytest.mark.parametrize("arguments", SIX_USES)
def test_query_on_other_platform_prints_the_same(foreign, arguments):
    assert foreign(*arguments.split()) == SIX_USES[arguments]


@pytest.mark.parametrize("arguments", QUERIES)
def test_query_unusual_values_on_other_platform_prints_the_same(foreign, entrypoint, arguments, tmp_path):
    native = entrypoint(nasty_catalog(plain=False))
    emulator, binary = foreign.command
    (tmp_path / "entrypoint").hardlink_to(binary)
    (tmp_path / EXTERNAL_INDEX).hardlink_to(native.command[0].with_name(EXTERNAL_INDEX))
    assert Tool((emulator, tmp_path / "entrypoint"))(*arguments.split()) == native(*arguments.split())


@pytest.fixture(scope="module")
def image(entrypoint_of, tmp_path_factory) -> Path:
    """A folder with the layout and the archive of an image whose index is too large to embed in the binary."""
    folder = tmp_path_factory.mktemp("beside")
    binary = entrypoint_of(fruit_catalog(), beside=True)
    entries = {b"data/" + name: Entry(FILE | 0o644, content) for name, content in sorted(fruit_files().items())}
    (folder / "layer").write_bytes(layer_of({b"data": Entry(FOLDER | 0o755, b"")} | entries))
    (folder / "dataset.json").write_bytes(binary.parent.with_name("dataset.json").read_bytes())
    layout, summary, platform = folder / "oci", folder / "dataset.json", f"linux/{HOST}"
    assemble_layout(
        identity=IDENTITY,
        summary=summary,
        layers=[ShardLayer(folder / "layer", facts_of(folder / "layer"))],
        binaries={platform: binary},
        layout=layout,
    )
    assemble_archive(layout, folder / "archive.tar")
    return folder


@pytest.fixture(scope="module")
def sif(image, packer, short_folder) -> Path:
    """The SIF of the same image, readable for every user."""
    sif = short_folder / "beside.sif"
    request = SifRequest(
        identity=IDENTITY,
        platform=f"linux/{HOST}",
        packer=packer,
        layout=image / "oci",
        summary=image / "dataset.json",
        image=sif,
    )
    convert(request)
    return sif


def facts_of(layer: Path) -> dict[str, object]:
    digest = Tool((require_tool("sha256sum"),)).text(layer).split()[0]
    blob = {"digest": f"sha256:{digest}", "blob_size": layer.stat().st_size, "compression": "none"}
    return {"files": 2, "bytes": 17, "diff_id": f"sha256:{digest}", **blob}


def test_run_external_index_is_found_in_docker(docker, image):
    docker("load", "-i", image / "archive.tar")
    ask = Tool((*docker.command, "run", "--rm", "--network", "none", "beside:1.0"))
    assert {arguments: ask(*arguments.split()) for arguments in SIX_USES} == SIX_USES
    assert b"no differences" in ask("-verify")


def test_run_external_index_is_found_in_apptainer(apptainer, sif):
    assert apptainer("run", "--userns", sif) == SIX_USES[""]
    assert b"no differences" in apptainer("test", "--userns", sif)


def test_run_external_index_is_found_without_proc(image, tmp_path):
    """The program runs in a chroot without /proc."""
    (manifest,) = json.loads((image / "oci/manifest.json").read_bytes())
    for layer in manifest["Layers"]:
        subprocess.run(["tar", "--extract", "--file", image / "oci" / layer, "--directory", tmp_path], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "entrypoint", EXTERNAL_INDEX]
    ask = Tool((require_tool("unshare"), "--map-root-user", f"--root={tmp_path}", "/entrypoint"))
    assert ask() == SIX_USES[""]
    assert b"no differences" in ask("-verify")
