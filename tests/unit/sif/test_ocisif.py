"""Tests of the OCI-SIF: its blobs and its SquashFS, read by other programs, and the differences that verify names."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from datacontainer.image.labels import labels_of
from datacontainer.runtime.errors import DataError
from datacontainer.sif.ocisif import convert_oci
from tools.apptainer import blobs_of
from tools.engines import require_tool
from tools.images import packed, tree_of
from tools.products import IDENTITY, UNIQUE, Products, flip, put, refused
from tools.squashfs import FILE, extracted, read_by_verify


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture(params=["none", "zstd"])
def image(built: Products, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """An OCI-SIF of the dataset, from layers with each compression."""
    folder, compression = tmp_path / "made", request.param
    made = built if compression == "none" else Products(folder, built.packer, compression)
    if made is not built:
        made.make(built.folder.with_name("dataset"), cuts=(8, 25))
    for name in ("once", "again"):
        made.convert(convert_oci, image=tmp_path / name)
    assert (tmp_path / "once").read_bytes() == (tmp_path / "again").read_bytes()
    return tmp_path / "once"


def test_convert_oci_is_an_artifact_with_the_data_as_its_only_layer(image, built):
    layer, config, manifest, index = blobs_of(image)
    assert [layer[0], index[0]] == ["OCI.Blob", "OCI.RootIndex"]
    assert config[2] == b"{}"
    described = json.loads(manifest[2])
    (named,) = json.loads(index[2])["manifests"]
    kind = "application/vnd.sylabs.data-container.v1"
    assert described["artifactType"] == named["artifactType"] == kind
    assert (named["digest"], named["size"]) == (sha256(manifest[2]), len(manifest[2]))
    squashfs = "application/vnd.sylabs.image.layer.v1.squashfs"
    assert described["layers"] == [{"mediaType": squashfs, "digest": sha256(layer[2]), "size": len(layer[2])}]
    empty = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": sha256(b"{}"), "size": 2}
    assert described["config"] == empty
    summary = json.loads((built.folder / "dataset.json").read_bytes())
    assert described["annotations"] == labels_of(IDENTITY, summary)
    found = extracted(image, layer[1])
    assert found == read_by_verify(image, layer[1])
    assert found == packed(tree_of(built.folder.with_name("dataset"))) | {b"": found[b""]}


def test_convert_oci_apptainer_names_it_and_verifies_its_signature(products, tmp_path):
    command = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "key"]
    subprocess.run(command, check=True, capture_output=True)
    public = ["openssl", "pkey", "-in", tmp_path / "key", "-pubout", "-out", tmp_path / "public"]
    subprocess.run(public, check=True)
    products.convert(convert_oci, image=products.oci_sif, key=tmp_path / "key")
    verify = [require_tool("apptainer"), "verify", "--key", tmp_path / "public", products.oci_sif]
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 0
    products.verify()
    flip(products.oci_sif, UNIQUE)
    assert subprocess.run(verify, capture_output=True, check=False).returncode != 0


def test_convert_oci_damaged_layer_leaves_no_image(products):
    (layer,) = (path for path in map(products.blob, products.digests()) if UNIQUE in path.read_bytes())
    flip(layer, UNIQUE)
    with pytest.raises(DataError, match="the damaged blob was deleted"):
        products.convert(convert_oci, image=products.oci_sif)
    assert not list(products.folder.glob("*.oci.sif*"))


def test_verify_oci_sif_reports_its_counts_and_digests(products):
    products.convert(convert_oci, image=products.oci_sif)
    report = products.verify()
    layer, _, manifest, _ = blobs_of(products.oci_sif)
    counts = {key: report["sif"][key] for key in ("files", "links", "folders", "bytes")}
    assert report["oci-sif"] == counts | {"manifest": sha256(manifest[2]), "layer": sha256(layer[2])}


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (UNIQUE, UNIQUE.upper(), "'sub/unique': expected sha256 "),
        (UNIQUE, UNIQUE.upper(), "the digest of a blob: expected sha256:"),
        (b"MAGIC\x0001\x0000", b"MAGIC\x0001\x0002", "the OCI-SIF's architecture: expected unknown"),
        (b'v1","config"', b'v2","config"', "the artifactType: expected application/vnd.sylabs.data-container.v1 "),
        (b'org.example.note":"a"', b'org.example.note":"b"', "the annotations: expected {"),
        (
            b'"layers":[{"digest":"sha256:',
            b'"layers":[{"digest":"sha257:',
            "which the descriptor in the manifest names",
        ),
        (b'layer.v1.squashfs"', b'layer.v2.squashfs"', "the mediaType of the descriptor in the manifest: expected "),
        (b'image.index.v1+json"', b'image.index.v2+json"', "the mediaType of sha256:"),
        (b'"manifests":[{', b'"manifestz":[{', "the root index has no manifests"),
        (b"{}{", b"{]{", "the digest of a blob: expected sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310"),
        (b'"schemaVersion":2}\0', b'"schemaVersion":2]\0', "is not JSON"),
    ],
)
def test_verify_oci_sif_with_a_changed_part_names_it(products, before, after, named):
    products.convert(convert_oci, image=products.oci_sif)
    content = products.oci_sif.read_bytes() + b"\0"
    assert content.count(before) == 1
    products.oci_sif.write_bytes(content.replace(before, after))
    refused(products, named, f"delete '{products.oci_sif}'")


def test_verify_oci_sif_of_other_layers_names_the_file(products, tmp_path):
    other = products.copy(tmp_path / "other")
    other.change_layer(2, put(b"srv/data/sub/more", FILE | 0o644))
    other.convert(convert_oci, image=products.oci_sif)
    refused(products, "'sub/more' is in the OCI-SIF but not in the catalog")
