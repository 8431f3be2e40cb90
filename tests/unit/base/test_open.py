"""Tests of the forms of a base: layouts, archives of skopeo, references; and of what is refused."""

import json
import subprocess
from hashlib import sha256

import pytest

from datacontainer.base.fingerprint import base_record, fingerprint
from datacontainer.base.manifest import read_images
from datacontainer.base.open import check_base, open_base
from datacontainer.base.prepared import prepare, read_prepared
from datacontainer.runtime.errors import DataContainerError, DataError, UsageError
from datacontainer.sources.cache import kept
from tools.bases import Base, Given, layer
from tools.engines import Tool, require_tool

NAME = "org.opencontainers.image.ref.name"
AMD, ARM = "linux/amd64", "linux/arm64"
TARS = [layer(Given("etc/base", content=b"1" * 2000)), layer(Given("etc/.wh.base"), Given("etc/new"))]
DIFF_IDS = [f"sha256:{sha256(one).hexdigest()}" for one in TARS]
SETTINGS = {"Env": ["PATH=/bin", "A=b c"], "User": "7:8", "WorkingDir": "/etc"}
DROPPED = {"Cmd": ["sh"], "Entrypoint": ["x"], "Labels": {"a": "b"}, "StopSignal": "9", "Volumes": {"/v": {}}}


@pytest.fixture
def layout(tmp_path):
    """A layout with one image of two layers, with the tag `one`."""
    made = Base(tmp_path / "base")
    top = made.image(AMD, TARS, **SETTINGS, **DROPPED)
    return made.finish(top | {"annotations": {NAME: "one"}})


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda digest, fill: kept("base", digest, fill)


def prepared(text, folder, cache, platforms=(AMD,)):
    prepare(open_base(text, cache), platforms, "/data", folder)
    return read_prepared(folder, platforms)


@pytest.fixture
def skopeo() -> Tool:
    return Tool((require_tool("skopeo"), "--insecure-policy"))


@pytest.mark.parametrize("form", ["layout", "tag", "oci-archive", "docker-archive"])
def test_prepare_every_form_has_the_layers_and_settings_of_the_image(layout, form, skopeo, tmp_path, cache):
    text = str(layout.path)
    if form == "tag":
        text += ":one"
    elif form != "layout":
        text = str(tmp_path / f"{form}.tar")
        skopeo("copy", f"oci:{layout.path}:one", f"{form}:{text}:registry.example.org/lab/base:1")
    found = prepared(text, tmp_path / "prepared", cache)
    image = found.images[AMD]
    assert [one.diff_id for one in image.layers] == DIFF_IDS
    assert dict(image.settings) == SETTINGS
    for stored in found.layers(AMD):
        assert f"sha256:{sha256(stored.path.read_bytes()).hexdigest()}" == stored.layer.digest
    top = (tmp_path / "prepared/blobs/sha256" / found.digest[7:]).read_bytes()
    assert found.digest == f"sha256:{sha256(top).hexdigest()}"
    assert dict(found.labels)["org.opencontainers.image.base.digest"] == found.digest
    assert found.name == ("registry.example.org/lab/base:1" if form == "docker-archive" else "")
    # Other programs read the prepared base as an image layout.
    assert skopeo.text("inspect", "--format", "{{.Digest}}", f"oci:{tmp_path}/prepared") == found.digest


def test_prepare_registry_names_the_reference_and_fetches_each_layer_once(layout, skopeo, registry, tmp_path, cache):
    reference = f"{registry.host}/lab/base:1"
    skopeo("copy", "--dest-tls-verify=false", "--preserve-digests", f"oci:{layout.path}:one", f"docker://{reference}")
    found = prepared(reference, tmp_path / "prepared", cache)
    (listed,) = json.loads((layout.path / "index.json").read_text())["manifests"]
    assert (found.name, found.digest) == (reference, listed["digest"])
    assert [one.diff_id for one in found.images[AMD].layers] == DIFF_IDS
    exact = f"{registry.host}/lab/base@{listed['digest']}"
    again = prepared(exact, tmp_path / "again", cache)
    assert (again.name, again.digest) == (exact, found.digest)
    one, other = (each.layers(AMD)[0].path for each in (found, again))
    assert one.samefile(other)
    # A damaged cache is repaired by the next run.
    one.write_bytes(b"damaged")
    with pytest.raises(DataError, match="cannot be read"):
        prepared(exact, tmp_path / "third", cache)
    assert prepared(exact, tmp_path / "fourth", cache).digest == found.digest


def test_prepare_two_platforms_take_each_its_own_image(tmp_path, cache):
    made = Base(tmp_path / "base")
    arm = made.image(ARM, [TARS[0]], "none", docker=True, Env=["A=arm"])
    made.finish(made.index(made.image(AMD, TARS, "zstd", docker=True, Env=["A=amd"]), arm))
    found = prepared(str(made.path), tmp_path / "prepared", cache, (AMD, ARM))
    assert [len(found.images[one].layers) for one in (AMD, ARM)] == [2, 1]
    assert [found.images[one].environment for one in (AMD, ARM)] == [("A=amd",), ("A=arm",)]
    check_base("x", str(made.path), (AMD, ARM))


def test_check_base_missing_platform_is_refused(layout):
    with pytest.raises(UsageError) as caught:
        check_base("fruit", str(layout.path), (AMD, ARM))
    assert str(caught.value) == (
        f"datasets.fruit.base: the base '{layout.path}' has no image for linux/arm64, only for linux/amd64: choose "
        "another base, or other platforms"
    )


def test_check_base_wrong_text_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("no tar")
    (tmp_path / "file.tar").write_bytes(layer(Given("a")))
    for name, message in (
        ("missing", "does not exist: write the path of an image layout or archive, or HOST/REPOSITORY:TAG"),
        ("folder", "is no image layout: name the folder with the file 'oci-layout'"),
        ("file", "is no tar"),
        ("file.tar", "has no index.json and no manifest.json: name an archive of `docker save`"),
    ):
        with pytest.raises(UsageError, match=message):
            check_base("fruit", str(tmp_path / name), (AMD,))
    with pytest.raises(UsageError, match="the base 'debian' does not exist"):
        check_base("fruit", "debian", (AMD,))


def test_check_base_several_images_need_a_tag(tmp_path):
    made = Base(tmp_path / "base")
    tops = [made.image(AMD, [one]) | {"annotations": {NAME: tag}} for one, tag in zip(TARS, "ab", strict=True)]
    made.finish(*tops)
    with pytest.raises(UsageError, match="names 2 images, expected one: write FOLDER:TAG"):
        check_base("fruit", str(made.path), (AMD,))
    with pytest.raises(UsageError, match="names 0 images"):
        check_base("fruit", f"{made.path}:c", (AMD,))
    check_base("fruit", f"{made.path}:b", (AMD,))


def changed(layout, change):
    """The layout with a changed manifest."""
    (top,) = json.loads((layout.path / "index.json").read_text())["manifests"]
    manifest = json.loads((layout.path / "blobs/sha256" / top["digest"][7:]).read_bytes())
    change(manifest)
    layout.finish(layout.blob(json.dumps(manifest).encode(), top["mediaType"]))
    return str(layout.path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda one: one["layers"].pop(), "is no image of layers"),
        (
            lambda one: one["layers"][0].update(mediaType="application/x"),
            "has a layer with the media type 'application/x'",
        ),
        (lambda one: one["layers"][0].update(digest="sha256:../../x"), "is no sha256"),
        (lambda one: one["config"].update(digest="sha256:" + "0" * 64), "has no file 'blobs/sha256/000"),
        (lambda one: one.pop("config"), "is no image of layers"),
        (lambda one: one.update(layers=5), "is no image of layers"),
    ],
)
def test_check_base_damaged_manifest_is_refused(layout, change, message):
    with pytest.raises(DataContainerError, match=message):
        check_base("fruit", changed(layout, change), (AMD,))


def test_prepare_changed_layer_is_refused(layout, tmp_path, cache):
    image = read_images(open_base(str(layout.path), cache), (AMD,))[AMD]
    blob = layout.path / "blobs/sha256" / image.layers[0].digest[7:]
    blob.write_bytes(blob.read_bytes()[:-9] + bytes(9))
    with pytest.raises(
        DataError, match=rf"{image.layers[0].digest} of the base cannot be read .*: copy the base again"
    ):
        prepared(str(layout.path), tmp_path / "prepared", cache)
    blob.unlink()
    with pytest.raises(DataError, match="has no file 'blobs/sha256"):
        prepared(str(layout.path), tmp_path / "prepared", cache)
    assert base_record(tmp_path / "prepared") == ""


def test_prepare_blobs_of_an_earlier_base_are_removed(layout, tmp_path, cache):
    prepared(str(layout.path), tmp_path / "prepared", cache)
    other = Base(tmp_path / "other")
    other.finish(other.image(AMD, [TARS[0]], "none"))
    found = prepared(str(other.path), tmp_path / "prepared", cache)
    names = {path.name for path in (tmp_path / "prepared/blobs/sha256").iterdir()}
    assert names == {
        one[7:] for one in (found.digest, *found.images[AMD].documents, found.images[AMD].layers[0].digest)
    }


def test_fingerprint_changes_with_the_image_and_not_with_the_files(layout, tmp_path, skopeo):
    first = fingerprint(str(layout.path))
    subprocess.run(["cp", "-r", layout.path, tmp_path / "copy"], check=True)
    assert first == fingerprint(str(tmp_path / "copy")) == fingerprint(f"{layout.path}:one") != ""
    archive = tmp_path / "base.tar"
    skopeo("copy", f"oci:{layout.path}:one", f"docker-archive:{archive}:base:1")
    assert fingerprint(str(archive)) not in ("", first)
    other = Base(tmp_path / "other")
    other.finish(other.image(AMD, [TARS[0]]))
    assert fingerprint(str(other.path)) not in ("", first)
    assert fingerprint("registry.example.org/lab/base:1") == fingerprint(str(tmp_path / "missing")) == ""
