"""Tests of verify: differences between a layout's files, and from the files next to the layout, are named."""

import hashlib
import json

import pytest

from tools.products import Products, flip, put, refused, sha256sum
from tools.squashfs import FILE, FOLDER


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_verify_blob_without_reference_is_named(products):
    products.blob("0" * 64).write_bytes(b"")
    refused(products, f"{'0' * 64}' is in the layout, but no manifest refers to it", f"delete '{products.layout}'")


def test_verify_missing_blobs_are_named(products):
    layer = products.digests()[1]
    products.blob(layer).unlink()
    refused(products, f"the blob sha256:{layer}, listed in the manifest, is not in the layout")


def test_verify_changed_config_is_named_with_both_digests(products):
    blob = products.blob(products.config())
    flip(blob, b'"rootfs"', 1)
    refused(products, f"the blob sha256:{blob.name}: expected ", f"with the digest sha256:{sha256sum(blob)} (the file)")


def blobs(products: Products) -> dict[str, str]:
    """The digests of the first platform's config and manifest, and of the image index."""
    (manifest,) = (path for path in products.referring_to(products.config()) if path.parent != products.layout)
    (top,) = json.loads((products.layout / "index.json").read_bytes())["manifests"]
    return {"config": products.config(), "manifest": manifest.name, "index": top["digest"][7:]}


@pytest.mark.parametrize(
    ("blob", "change", "named"),
    [
        ("config", lambda c: c["rootfs"]["diff_ids"].reverse(), "the diff ID of layer 1 of linux/amd64: expected "),
        ("config", lambda c: c["rootfs"]["diff_ids"].pop(), "expected 5 (the manifest), found 4 (the config)"),
        ("config", lambda c: c["history"].pop(), "expected 5 (the manifest), found 4 (the config's history)"),
        ("config", lambda c: c.update(architecture="arm64"), "(the image index), found linux/arm64 (the config)"),
        ("config", lambda c: c["config"].update(Entrypoint=["/bin/sh"]), "the entrypoint of linux/amd64: expected "),
        ("config", lambda c: c["config"]["Labels"].popitem(), "the labels of linux/amd64: expected {"),
        ("config", lambda c: c.pop("rootfs"), "the config has no rootfs.diff_ids"),
        ("config", lambda c: c.update(history=5), "the config: history is not a list"),
        ("manifest", lambda m: m["config"].update(mediaType="x"), "media type of the config: expected application/"),
        ("manifest", lambda m: m["layers"][1].update(mediaType="x"), "the media type of layer 2: expected "),
        ("manifest", lambda m: m["config"].update(size=7), "expected 7 bytes (the manifest), found "),
        ("manifest", lambda m: m.update(annotations={}), "the labels of linux/amd64: expected {"),
        ("manifest", lambda m: m.update(layers=[]), "lists 0 layers, expected 2 or more"),
        ("manifest", lambda m: m["layers"].reverse(), "the diff ID of layer 1 of linux/amd64: expected sha256:"),
        ("index", lambda i: i["manifests"][0].update(mediaType="x"), "the media type of a manifest: expected "),
        ("index", lambda i: i["manifests"].clear(), "lists no manifest"),
        ("index", lambda i: i["manifests"][0].pop("platform"), "the image index has no platform.os"),
    ],
)
def test_verify_changed_json_blob_names_the_difference(products, blob, change, named):
    products.change_json(blobs(products)[blob], change)
    refused(products, named)


def test_verify_descriptor_of_another_size_names_the_blob(products):
    layer = products.digests()[0]

    def change(value: dict) -> None:
        value["layers"][0]["size"] += 1

    products.change_json(blobs(products)["manifest"], change)
    size = products.blob(layer).stat().st_size
    refused(products, f"the size of blob sha256:{layer}: expected {size + 1} (the manifest), found {size} (the file)")


def test_verify_platform_with_other_labels_is_named(products):
    (arm64,) = (path.name for path in products.referring_to('"arm64"') if b'"rootfs"' in path.read_bytes())
    products.change_json(arm64, lambda config: config["config"]["Labels"].clear())
    refused(products, "the labels of linux/arm64: expected {", "found {} (its config)")


def test_verify_layout_file_of_many_megabytes_is_not_read(products):
    with open(products.layout / "index.json", "ab") as file:
        file.write(b" " * (5 << 20))
    refused(products, "bytes; at most 4194304 are allowed")


@pytest.mark.parametrize(
    ("file", "change", "named"),
    [
        ("oci-layout", lambda v: v.update(imageLayoutVersion="2"), "image layout: expected 1.0.0 (the specification)"),
        ("index.json", lambda v: v["manifests"].extend(v["manifests"]), "expected 1 (a layout for Apptainer), found 2"),
        ("index.json", lambda v: v.pop("manifests"), "index.json has no manifests"),
        ("index.json", lambda v: v["manifests"][0].update(digest="../../x"), "contains the digest '../../x', which is"),
        ("manifest.json", lambda v: v[0]["Layers"].pop(), "the list of layers: expected ['blobs/sha256/"),
        ("manifest.json", lambda v: v[0].update(Config="x"), "the config: expected blobs/sha256/"),
    ],
)
def test_verify_changed_layout_file_names_the_difference(products, file, change, named):
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
    refused(products, f"sha256 of '/entrypoint' of {name}: expected {sha256sum(built)} (the file '{built}'), found ")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            put(b"entrypoint", FILE | 0o644),
            "mode of '/entrypoint': expected 0755 (the data container format)",
        ),
        (lambda e: e.pop(b"entrypoint"), "'/entrypoint' is missing from the last layer of linux/amd64"),
        (put(b"etc", FOLDER | 0o755), "'/etc/' is in the layers; only"),
        (put(b"entry", FILE | 0o755), "'/entry' is in the layers; only"),
    ],
)
def test_verify_last_layer_with_unexpected_files_names_them(products, change, named):
    products.change_layer(-1, change)
    refused(products, named)


def test_verify_platform_with_other_data_is_named(products):
    amd64 = products.config()
    (arm64,) = (path.name for path in products.referring_to('"arm64"') if b'"rootfs"' in path.read_bytes())
    assert arm64 != amd64
    (manifest,) = (path.name for path in products.referring_to(arm64))
    digests = products.digests()

    def change(value: dict) -> None:
        value["layers"][0], value["layers"][1] = value["layers"][1], value["layers"][0]

    products.change_json(manifest, change)
    refused(products, "the layers below the entrypoint of linux/arm64: expected ['sha256:", digests[0])
