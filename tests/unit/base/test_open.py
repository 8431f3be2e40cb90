"""Tests of the forms of a base: layouts, an archive; and of what is refused."""

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from datacontainer.base.fingerprint import base_record, fingerprint
from datacontainer.base.manifest import read_images
from datacontainer.base.open import check_base, open_base
from datacontainer.base.prepared import prepare, read_prepared
from datacontainer.base.remote import BLOB, Remote
from datacontainer.runtime.errors import DataContainerError, DataError, UsageError
from datacontainer.sources.cache import kept
from tools.bases import DOCKER, Base, Given, layer

NAME = "org.opencontainers.image.ref.name"
AMD, ARM = "linux/amd64", "linux/arm64"
TARS = [layer(Given("etc/base", content=b"1" * 2000)), layer(Given("etc/.wh.base"), Given("etc/new"))]


@pytest.fixture
def layout(tmp_path):
    """A layout with one image of two layers, with the tag `one`."""
    made = Base(tmp_path / "base")
    top = made.image(AMD, TARS)
    return made.finish(top | {"annotations": {NAME: "one"}})


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda digest, fill: kept("base", digest, fill)


def prepared(text, folder, cache, platforms=(AMD,)):
    prepare(open_base(text, cache), platforms, "/data", folder)
    return read_prepared(folder, platforms)


def test_prepare_two_platforms_take_each_its_own_image(tmp_path, cache):
    made = Base(tmp_path / "base")
    arm = made.image(ARM, [TARS[0]], "none", dialect=DOCKER, Env=["A=arm"])
    made.finish(made.index(made.image(AMD, TARS, "zstd", dialect=DOCKER, Env=["A=amd"]), arm))
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


@pytest.mark.parametrize("index", ["no JSON", "[" * 100_000, "{}", '{"manifests": [5]}', '{"manifests": [{}]}', "[]"])
def test_check_base_damaged_index_is_refused(layout, index):
    (layout.path / "index.json").write_text(index)
    with pytest.raises(
        DataError, match=r"datasets.fruit.base: the base .* is no image of layers \(.*name another image"
    ):
        check_base("fruit", str(layout.path), (AMD,))
    assert fingerprint(str(layout.path)) == ""


@pytest.mark.parametrize("settings", [{"Env": "A=b"}, {"Env": [5]}, {"Env": ["A"]}, {"User": 5}, {"WorkingDir": ["/"]}])
def test_check_base_wrong_settings_are_refused(tmp_path, settings):
    made = Base(tmp_path / "base")
    made.finish(made.image(AMD, TARS, **settings))
    with pytest.raises(DataError, match=f"is no image of layers .*{next(iter(settings))} is"):
        check_base("fruit", str(made.path), (AMD,))


def test_check_base_unreadable_file_is_refused(layout, monkeypatch):
    def refuse(*_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(UsageError, match=r"base' cannot be read \(Permission denied\): change its permissions"):
        check_base("fruit", str(layout.path), (AMD,))


def test_check_base_changed_config_is_refused(layout):
    (top,) = json.loads((layout.path / "index.json").read_text())["manifests"]
    manifest = json.loads((layout.path / "blobs/sha256" / top["digest"][7:]).read_bytes())
    config = layout.path / "blobs/sha256" / manifest["config"]["digest"][7:]
    config.write_bytes(config.read_bytes() + b" ")
    with pytest.raises(
        DataError, match=rf"digest mismatch in the base .*: the blob sha256:{config.name} gives sha256:"
    ):
        check_base("fruit", str(layout.path), (AMD,))


def test_prepare_blobs_of_an_earlier_base_are_removed(layout, tmp_path, cache):
    prepared(str(layout.path), tmp_path / "prepared", cache)
    other = Base(tmp_path / "other")
    other.finish(other.image(AMD, [TARS[0]], "none"))
    found = prepared(str(other.path), tmp_path / "prepared", cache)
    names = {path.name for path in (tmp_path / "prepared/blobs/sha256").iterdir()}
    assert names == {
        one[7:] for one in (found.digest, *found.images[AMD].documents, found.images[AMD].layers[0].digest)
    }


def test_fingerprint_changes_with_the_image_and_not_with_the_files(layout, tmp_path):
    first = fingerprint(str(layout.path))
    subprocess.run(["cp", "-r", layout.path, tmp_path / "copy"], check=True)
    assert first == fingerprint(str(tmp_path / "copy")) == fingerprint(f"{layout.path}:one") != ""
    subprocess.run(["tar", "-cf", tmp_path / "base.tar", "-C", layout.path, "."], check=True)
    assert fingerprint(str(tmp_path / "base.tar")) == first
    other = Base(tmp_path / "other")
    other.finish(other.image(AMD, [TARS[0]]))
    assert fingerprint(str(other.path)) not in ("", first)
    assert fingerprint("registry.example.org/lab/base:1") == fingerprint(str(tmp_path / "missing")) == ""


def test_layer_from_a_registry_is_on_the_disk_before_the_results_link_it(cache, tmp_path, monkeypatch):
    synced, sync = [], os.fsync

    def fsync(descriptor):
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    remote = Remote("localhost:1/base:1", cache)
    monkeypatch.setattr(remote._repository, "open_blob", lambda _: io.BytesIO(b"layer"))
    remote.store("sha256:" + "0" * 64, tmp_path / "layer")
    assert (tmp_path / "layer").read_bytes() == b"layer"
    assert any(name.endswith(f"/{BLOB}") for name in synced)
