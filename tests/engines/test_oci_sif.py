"""Tests of the OCI-SIF in a registry, as an artifact, and as a source."""

import hashlib
import json

import pytest

from datacontainer.runtime.errors import UsageError
from datacontainer.sif.ocisif import convert_oci
from datacontainer.sources.source import open_source
from tools.apptainer import blobs_of


def test_oci_sif_copied_to_a_registry_keeps_its_manifest_and_layer(built, registry, skopeo, tmp_path):
    built.convert(convert_oci, image=tmp_path / "image")
    *blobs, (_, _, index) = blobs_of(tmp_path / "image")
    layout = tmp_path / "layout"
    (layout / "blobs/sha256").mkdir(parents=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (layout / "index.json").write_bytes(index)
    for _, _, content in blobs:
        (layout / "blobs/sha256" / hashlib.sha256(content).hexdigest()).write_bytes(content)
    skopeo("copy", "--dest-tls-verify=false", f"oci:{layout}", f"docker://{registry.host}/odd:data")
    manifest = registry.get("odd/manifests/data", "application/vnd.oci.image.manifest.v1+json")
    assert [blobs[2][2]] == [manifest]
    (layer,) = json.loads(manifest)["layers"]
    assert registry.get(f"odd/blobs/{layer['digest']}") == blobs[0][2]


def test_oci_sif_as_a_source_is_refused_with_the_files_to_name(built, tmp_path):
    built.convert(convert_oci, image=tmp_path / "image")
    with pytest.raises(UsageError, match="is an OCI-SIF, which has no catalog: name the image layout"):
        open_source(str(tmp_path / "image"))
