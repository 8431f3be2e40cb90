"""Tests of the forms of a base that other programs write: archives of skopeo, and a registry."""

import json
from hashlib import sha256

import pytest

from datacontainer.base.open import check_base, open_base
from datacontainer.base.prepared import prepare, read_prepared
from datacontainer.runtime.errors import DataError, UsageError
from datacontainer.sources.cache import kept
from tools.bases import Base, Given, layer

AMD = "linux/amd64"
TARS = [layer(Given("etc/base", content=b"1" * 2000)), layer(Given("etc/.wh.base"), Given("etc/new"))]
DIFF_IDS = [f"sha256:{sha256(one).hexdigest()}" for one in TARS]
SETTINGS = {"Env": ["PATH=/bin", "A=b c"], "User": "7:8", "WorkingDir": "/etc"}
DROPPED = {"Cmd": ["sh"], "Entrypoint": ["x"], "Labels": {"a": "b"}, "StopSignal": "9", "Volumes": {"/v": {}}}


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """A layout with one image of two layers, with the tag `one`; the cache is in a folder of the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Base(tmp_path / "base")
    top = made.image(AMD, TARS, **SETTINGS, **DROPPED)
    return made.finish(top | {"annotations": {"org.opencontainers.image.ref.name": "one"}})


def prepared(text, folder):
    prepare(open_base(text, lambda digest, fill: kept("base", digest, fill)), [AMD], "/data", folder)
    return read_prepared(folder, [AMD])


@pytest.mark.parametrize("form", ["layout", "tag", "oci-archive", "docker-archive"])
def test_prepare_every_form_has_the_layers_and_settings_of_the_image(layout, form, skopeo, tmp_path):
    text = str(layout.path)
    if form == "tag":
        text += ":one"
    elif form != "layout":
        text = str(tmp_path / f"{form}.tar")
        skopeo("copy", f"oci:{layout.path}:one", f"{form}:{text}:registry.example.org/lab/base:1")
    check_base("fruit", text, (AMD,))
    with pytest.raises(UsageError, match="has no image for linux/arm64, only for linux/amd64"):
        check_base("fruit", text, (AMD, "linux/arm64"))
    found = prepared(text, tmp_path / "prepared")
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


def test_prepare_registry_names_the_reference_and_fetches_each_layer_once(layout, skopeo, registry, tmp_path):
    reference = f"{registry.host}/lab/base:1"
    skopeo("copy", "--dest-tls-verify=false", "--preserve-digests", f"oci:{layout.path}:one", f"docker://{reference}")
    found = prepared(reference, tmp_path / "prepared")
    (listed,) = json.loads((layout.path / "index.json").read_text())["manifests"]
    assert (found.name, found.digest) == (reference, listed["digest"])
    assert [one.diff_id for one in found.images[AMD].layers] == DIFF_IDS
    exact = f"{registry.host}/lab/base@{listed['digest']}"
    again = prepared(exact, tmp_path / "again")
    assert (again.name, again.digest) == (exact, found.digest)
    one, other = (each.layers(AMD)[0].path for each in (found, again))
    assert one.samefile(other)
    # A damaged cache is repaired by the next run.
    one.write_bytes(b"damaged")
    with pytest.raises(DataError, match="cannot be read"):
        prepared(exact, tmp_path / "third")
    assert prepared(exact, tmp_path / "fourth").digest == found.digest
