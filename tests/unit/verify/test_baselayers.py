"""Tests of the verification of images with a base: each difference is found, in the layout and in the SIF."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from datacontainer.base.open import open_base
from datacontainer.base.prepared import prepare, read_prepared
from datacontainer.image.archive import assemble_archive
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.sif import base as sif
from datacontainer.sources.cache import kept
from datacontainer.verify.baselayers import read_base
from datacontainer.verify.comparison import Differences
from datacontainer.verify.layout import Descriptor, Image, Layout
from tools.bases import DOCKER, Base, Given, folder, hard, layer, link
from tools.products import PLATFORMS, Products, flip, refused
from tools.shared import once

FIRST = layer(
    folder("srv", 0o750),
    Given("bin/tool", content=b"a tool of the base", mode=0o4755),
    hard("bin/same", "bin/tool"),
    link("sbin", "bin"),
    Given("etc/passwd", content=b"root:x:0:0::/:/bin/sh\n", mode=0o600),
    Given("etc/gone"),
    Given(".singularity.d/env/90-environment.sh", content=b"of another SIF"),
)
LATER = Given("etc/.wh.gone"), folder("var/empty", 0o711)
SECOND = layer(*LATER)
VARIABLES = ["PATH=/bin", 'QUOTES="$HOME" `x` \\', "1=no name", "LINES=a\nb"]


def with_base(products: Products, scratch: Path, tars: list[bytes]) -> Products:
    """The products, built again on a base of these layers, with an own image for each platform."""
    made, products = Base(scratch), replace(products, based=True)
    arm = made.image(PLATFORMS[1], [*tars, layer(Given("arm"))], "none", dialect=DOCKER)
    made.finish(made.index(made.image(PLATFORMS[0], tars, dialect=DOCKER, Env=VARIABLES, User="0"), arm))
    prepare(open_base(str(scratch), lambda one, fill: kept("base", one, fill)), PLATFORMS, "/srv/data", products.base)
    products.assemble(products.shard_layers(), PLATFORMS)
    assemble_archive(products.layout, products.archive)
    products.convert()
    return products


@pytest.fixture(scope="session")
def built_on_a_base(built) -> Products:
    def make(path: Path) -> None:
        with_base(built.copy(path / "products"), path / "base", [FIRST, SECOND])

    return Products(once("verify-base", make) / "products", built.packer, based=True)


@pytest.fixture
def based(built_on_a_base, tmp_path) -> Products:
    return built_on_a_base.copy(tmp_path / "products")


def test_verify_images_with_a_base_do_not_differ(based):
    report = based.verify()
    top = json.loads((based.base / "index.json").read_text())["manifests"][0]["digest"]
    assert report["base"] == {"digest": top, "layers": 2, "files": 5}
    assert report["sif"]["files"] == report["layout"]["files"] > 0


def test_verify_base_without_configuration_is_a_difference(based):
    refused(replace(based, based=False), "the layers of a base: expected [0, 0] (the configuration), found [2, 3]")


def base_blob(products: Products, number: int = 0) -> Path:
    return products.blob(products.digests()[number])


def test_verify_changed_byte_of_a_base_layer_is_found(based):
    path = base_blob(based, 1)
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.unlink()
    path.write_bytes(content)
    refused(based, "of the base cannot be read", str(based.layout))


def test_verify_other_layer_than_that_of_the_base_is_found(based, tmp_path):
    other = with_base(based.copy(tmp_path / "other"), tmp_path / "base", [FIRST])
    shutil.rmtree(based.layout)
    other.layout.rename(based.layout)
    refused(based, "the label org.opencontainers.image.base.digest", "the layers of the base of linux/amd64")


def test_verify_changed_document_of_the_base_is_found(based):
    (top,) = json.loads((based.base / "index.json").read_text())["manifests"]
    path = based.base / "blobs/sha256" / top["digest"][7:]
    path.write_bytes(path.read_bytes() + b" ")
    refused(based, f"the document {top['digest']} of the prepared base has the digest")


def test_verify_other_settings_than_those_of_the_base_are_found(based):
    based.change_json(based.config(), lambda config: config["config"].update(User="root"))
    refused(based, "the User of linux/amd64: expected 0 (the prepared base), found root (the image)")


def test_verify_base_layer_with_another_annotation_is_found(based):
    manifest = json.loads((based.layout / "index.json").read_text())["manifests"][0]["digest"][7:]
    (first, *_) = json.loads(based.blob(manifest).read_bytes())["manifests"]
    based.change_json(
        first["digest"][7:], lambda value: value["layers"][1]["annotations"].update({"io.datacontainer.layer": "other"})
    )
    refused(based, "the annotations io.datacontainer.layer of linux/amd64")


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (Given("etc/.wh.passwd"), "'etc/passwd': expected 22 bytes (the base), found 34 bytes (the SIF)"),
        (Given("new"), "'/new' is in the SIF, but is not part of the data"),
        (Given("bin/.wh.tool"), "'/bin/tool' is missing from the SIF"),
        (Given("bin/same", content=b"a tool of the bas3", mode=0o4755), "'bin/same': expected sha256"),
        (
            Given("bin/same", content=b"a tool of the base", mode=0o755),
            "expected mode 4755 (the base), found mode 0755",
        ),
        (link("sbin", "usr"), "'sbin': expected a symlink to 'bin' (the base)"),
        (folder("var/empty"), "'var/empty/': expected mode 0711 (the base), found mode 0755 (the SIF)"),
    ],
)
def test_verify_sif_of_another_base_is_found(based, tmp_path, member, message):
    made = Base(tmp_path / "base")
    made.finish(made.image(PLATFORMS[0], [FIRST, layer(*LATER, member)], Env=VARIABLES))
    platforms = PLATFORMS[:1]
    prepare(
        open_base(str(made.path), lambda one, fill: kept("base", one, fill)), platforms, "/srv/data", tmp_path / "x"
    )
    based.convert(base=sif.Base(read_prepared(tmp_path / "x", platforms).layers(PLATFORMS[0]), VARIABLES))
    refused(based, message)


def test_verify_changed_variable_of_the_sif_is_found(based):
    flip(based.sif, b"QUOTES:-")
    refused(based, "'.singularity.d/env/10-docker2singularity.sh': expected sha256")


def test_convert_damaged_layer_of_the_base_is_deleted_with_its_copy(based):
    path = base_blob(based)
    prepared = based.base / "blobs/sha256" / path.name
    content = path.read_bytes()[:-9] + bytes(9)
    for one in (path, prepared):
        one.unlink()
        one.write_bytes(content)
    with pytest.raises(DataError, match=f"checksum mismatch for the blob '{path}'.*was deleted: run snakemake again"):
        based.convert()
    assert not path.exists()
    assert not prepared.exists()


def test_assemble_more_layers_than_docker_accepts_is_refused(built, tmp_path):
    tars = [layer(Given(f"{number}")) for number in range(122)]
    with pytest.raises(
        UsageError, match=r"the image has 127 layers, 122 of them of the base, and Docker .* at most 125"
    ):
        with_base(built.copy(tmp_path / "products"), tmp_path / "base", tars)


def differences_of(path: Path, members: list[Given], diff_id: str = "") -> list[str]:
    """The differences that reading a base of one layer records. diff_id: in place of the layer's own."""
    tar, made, differences = layer(*members), Base(path), Differences()
    blob = made.blob(tar, "")
    own = diff_id or blob["digest"]
    one = Descriptor("application/vnd.oci.image.layer.v1.tar", blob["digest"], blob["size"], "a manifest", own, "base")
    read_base(Layout(path, differences), Image(PLATFORMS[0], one, one, {}, [one], 1), "/srv/data")
    return differences.lines


def test_read_base_wrong_diff_id_is_a_difference(tmp_path):
    (line,) = differences_of(tmp_path / "base", [Given("a")], "sha256:0")
    assert line.startswith("the diff ID of the layer sha256:")
    assert "expected sha256:0 (the config), found sha256:" in line


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("/srv/data/x", [Given("srv/data/x")]),
        ("/srv", [link("srv", "var")]),
        ("/entrypoint", [Given("entrypoint")]),
        ("/entrypoint/", [folder("entrypoint")]),
        ("/.datacontainer/x", [Given(".datacontainer/x")]),
    ],
)
def test_read_base_file_at_a_path_of_the_image_is_a_difference(tmp_path, path, members):
    assert f"'{path}' is in the layers of the base, and hides files of the image" in differences_of(
        tmp_path / "b", members
    )


def test_read_base_folders_above_the_mount_are_no_difference(tmp_path):
    assert differences_of(tmp_path / "base", [folder("srv"), folder("srv/data"), Given("srv/other")]) == []
