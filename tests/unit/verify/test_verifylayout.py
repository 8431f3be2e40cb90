"""Verify: a layout whose files do not fit together, or do not fit what is beside it, is refused by its name."""

import hashlib
import json
import os

import pytest

from tools.images import Entry
from tools.products import Products, flip, refused, sha256sum
from tools.squashfs import FILE, FOLDER


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_verify_blob_that_nothing_refers_to_is_named(products):
    products.blob("0" * 64).write_bytes(b"")
    refused(
        products, f"'blobs/sha256/{'0' * 64}' is in the layout and nothing refers to it", f"delete '{products.layout}'"
    )


def test_verify_missing_blobs_are_named(products):
    layer = products.digests()[1]
    products.blob(layer).unlink()
    refused(products, f"the blob sha256:{layer}, named by the manifest, is not in the layout")


def test_verify_changed_config_is_named_with_both_digests(products):
    blob = products.blob(products.config())
    flip(blob, b'"rootfs"', 1)
    refused(products, f"the blob sha256:{blob.name}: the manifest says", f"of digest sha256:{sha256sum(blob)}")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda c: c["rootfs"]["diff_ids"].reverse(), "the diff ID of layer 1 of linux/amd64: the manifest says "),
        (
            lambda c: c["rootfs"]["diff_ids"].pop(),
            "the number of layers of linux/amd64: the manifest says 4, the config 3",
        ),
        (
            lambda c: c["history"].pop(),
            "the number of layers of linux/amd64: the manifest says 4, the config's history 3",
        ),
        (
            lambda c: c.update(architecture="arm64"),
            "the platform: the image index says linux/amd64, the config linux/arm64",
        ),
        (lambda c: c["config"].update(Entrypoint=["/bin/sh"]), "the command of linux/amd64: a data container says"),
        (lambda c: c["config"]["Labels"].popitem(), "the labels of linux/amd64: the config says {"),
        (lambda c: c.pop("rootfs"), "the config has no rootfs.diff_ids"),
        (lambda c: c.update(history=5), "the config has as history no list"),
    ],
)
def test_verify_config_that_does_not_fit_is_named(products, change, named):
    products.change_json(products.config(), change)
    refused(products, named)


def test_verify_descriptor_of_another_size_names_the_blob(products):
    layer = products.digests()[0]
    manifest = next(path for path in products.referring_to(layer) if b'"layers":' in path.read_bytes())

    def change(value: dict) -> None:
        value["layers"][0]["size"] += 1

    products.change_json(manifest.name, change)
    size = products.blob(layer).stat().st_size
    refused(products, f"the size of blob sha256:{layer}: the manifest says {size + 1}, the file {size}")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda m: m["config"].update(mediaType="x"), "media type of the config: the specification says application/"),
        (
            lambda m: m["layers"][1].update(mediaType="x"),
            "the media type of layer 2: a data container says ",
        ),
        (lambda m: m["config"].update(size=7), "the manifest says 7 bytes, the file has "),
        (lambda m: m.update(annotations={}), "the labels of linux/amd64: the config says {"),
        (lambda m: m.update(layers=[]), "names no layer"),
        (lambda m: m["layers"].reverse(), "the diff ID of layer 1 of linux/amd64: the manifest says "),
    ],
)
def test_verify_manifest_that_does_not_fit_is_named(products, change, named):
    (manifest,) = (path for path in products.referring_to(products.config()) if path.parent != products.layout)
    products.change_json(manifest.name, change)
    refused(products, named)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda i: i["manifests"][0].update(mediaType="x"), "the media type of a manifest: the specification says "),
        (lambda i: i["manifests"].clear(), "names no manifest"),
        (lambda i: i["manifests"][0].pop("platform"), "the image index has no platform.os"),
    ],
)
def test_verify_image_index_that_does_not_fit_is_named(products, change, named):
    (top,) = json.loads((products.layout / "index.json").read_bytes())["manifests"]
    products.change_json(top["digest"][7:], change)
    refused(products, named)


def test_verify_platform_with_other_labels_is_named(products):
    (arm64,) = (path.name for path in products.referring_to('"arm64"') if b'"rootfs"' in path.read_bytes())
    products.change_json(arm64, lambda config: config["config"]["Labels"].clear())
    refused(products, "the labels of linux/arm64: the image of linux/amd64 says {", "its config {}")


def test_verify_layout_file_of_many_megabytes_is_not_read(products):
    with open(products.layout / "index.json", "ab") as file:
        file.write(b" " * (5 << 20))
    refused(products, "bytes large, where 4194304 are the most")


@pytest.mark.parametrize(
    ("file", "change", "named"),
    [
        (
            "oci-layout",
            lambda v: v.update(imageLayoutVersion="2"),
            "version of the image layout: the specification says 1.0.0",
        ),
        (
            "index.json",
            lambda v: v["manifests"].append(v["manifests"][0]),
            "a layout for Apptainer says 1, index.json 2",
        ),
        ("index.json", lambda v: v.pop("manifests"), "index.json has no manifests"),
        ("index.json", lambda v: v["manifests"][0].update(digest="../../x"), "index.json has the digest '../../x'"),
        ("manifest.json", lambda v: v[0]["Layers"].pop(), "the list of layers: index.json says "),
        ("manifest.json", lambda v: v[0].update(Config="x"), "the config: index.json says blobs/sha256/"),
    ],
)
def test_verify_layout_file_that_does_not_fit_is_named(products, file, change, named):
    value = json.loads((products.layout / file).read_text())
    change(value)
    (products.layout / file).write_text(json.dumps(value))
    refused(products, named)


def test_verify_layout_file_missing_or_no_json_is_named(products):
    (products.layout / "manifest.json").write_text("{")
    refused(products, "'manifest.json' of the layout is not JSON")
    (products.layout / "manifest.json").unlink()
    refused(products, "'manifest.json' is not in the layout")


@pytest.mark.parametrize("platform", ["linux-amd64", "linux-arm64"])
def test_verify_entrypoint_other_than_the_built_one_names_the_platform(products, platform):
    built = products.folder / "bin" / platform / "entrypoint"
    flip(built, b"ELF")
    name = platform.replace("-", "/")
    refused(products, f"sha256 of '/entrypoint' of {name}: the file '{built}' says {sha256sum(built)}, the layers ")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            lambda e: e.update({b"entrypoint": Entry(FILE | 0o644, b"")}),
            "mode of '/entrypoint': a data container says 0755",
        ),
        (lambda e: e.pop(b"entrypoint"), "'/entrypoint' is missing from the last layer of linux/amd64"),
        (lambda e: e.update({b"etc": Entry(FOLDER | 0o755, b"")}), "'/etc/' is in the layers, where only"),
    ],
)
def test_verify_last_layer_other_than_the_entrypoint_alone_is_named(products, change, named):
    products.change_layer(-1, change)
    refused(products, named)


@pytest.fixture
def beside(products: Products) -> Products:
    """As `products`, with an index beside the entrypoints."""
    for platform in ("linux-amd64", "linux-arm64"):
        (products.folder / "bin" / platform / "entrypoint.index").write_bytes(b"index")
    products.assemble(products.shard_layers(), ["linux/amd64", "linux/arm64"])
    products.archive.unlink()
    products.convert()
    return products


def test_verify_index_beside_the_entrypoint_passes(beside):
    assert beside.verify()["layout"]["blobs"] == len(os.listdir(beside.layout / "blobs/sha256"))


def test_verify_index_beside_the_entrypoint_changed_is_named(beside):
    beside.change_layer(-2, lambda entries: entries.update({b"entrypoint.index": Entry(FILE | 0o644, b"indeX")}))
    error = refused(beside, "sha256 of '/entrypoint.index' of linux/amd64: ", "'/entrypoint.index' of linux/arm64: ")
    assert "the layers " + digest(b"indeX") in error
    for platform in ("linux-amd64", "linux-arm64"):
        (beside.folder / "bin" / platform / "entrypoint.index").unlink()
    refused(beside, f"sha256 of '/entrypoint.index': the layout says {digest(b'indeX')}, the SIF {digest(b'index')}")


def test_verify_platform_with_other_data_is_named(products):
    amd64 = products.config()
    (arm64,) = (path.name for path in products.referring_to('"arm64"') if b'"rootfs"' in path.read_bytes())
    assert arm64 != amd64
    (manifest,) = (path.name for path in products.referring_to(arm64))
    digests = products.digests()

    def change(value: dict) -> None:
        value["layers"][0], value["layers"][1] = value["layers"][1], value["layers"][0]

    products.change_json(manifest, change)
    refused(products, "the layers below the entrypoint of linux/arm64: the image of linux/amd64 says ", digests[0])
