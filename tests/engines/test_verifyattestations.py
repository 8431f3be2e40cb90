"""Verify: attestations that differ from the layout, the files or the SIF are refused by an error that names them."""

import json
from pathlib import Path

import pytest

from datacontainer.image.built import Attestation
from datacontainer.image.oci import Blob
from datacontainer.image.referrers import write_attestations
from datacontainer.runtime.errors import DataError
from datacontainer.verify.verify import verify
from tools.products import IDENTITY, Products, flip

CONTENT = b'{"what":"a statement"}'


def attest(products: Products, subject: dict[str, object] | None = None) -> Path:
    """Writes an attestation about the layout or another subject, and the SIF with it; returns their folder."""
    (top,) = json.loads((products.layout / "index.json").read_bytes())["manifests"]
    top.pop("annotations")
    document = Blob("application/vnd.in-toto+json", CONTENT)
    folder = products.folder / "attestations"
    write_attestations([Attestation("provenance.json", document, subject or top, {})], folder)
    products.convert(documents={"provenance.json": CONTENT})
    return folder


def verified(products: Products) -> dict[str, object]:
    """Verifies the products and returns the report."""
    report = products.folder / "report.json"
    verify(
        catalog=products.catalog,
        mount=IDENTITY.mount,
        layout=products.layout,
        images={"sif": products.sif},
        report=report,
        attestations=products.folder / "attestations",
    )
    return dict(json.loads(report.read_bytes()))


def refused(products: Products, named: str, remedy: str) -> None:
    with pytest.raises(DataError) as caught:
        verified(products)
    assert named in str(caught.value)
    assert f"delete '{products.folder / remedy}'" in str(caught.value)


def referrer(folder: Path) -> Path:
    """The blob of the only manifest."""
    (found,) = (path for path in (folder / "oci/blobs/sha256").iterdir() if b'"subject"' in path.read_bytes())
    return found


def test_verify_attestations_reports_their_digests(products):
    folder = attest(products)
    assert set(verified(products)["attestations"]) == {"provenance.json"}
    assert (folder / "provenance.json").read_bytes() == CONTENT


def test_verify_attestations_about_another_image_are_refused(products):
    digest = "sha256:" + 64 * "0"
    attest(products, {"mediaType": "a/b", "digest": digest, "size": 1})
    refused(products, f"the attestations refer to {digest}, which is not a manifest of the layout", "attestations")


def test_verify_attestation_file_changed_is_refused(products):
    flip(attest(products) / "provenance.json", b"statement")
    refused(products, "the digest of 'provenance.json': expected sha256:", "attestations")


def test_verify_attestation_blob_changed_is_refused(products):
    flip(referrer(attest(products)), b"subject")
    refused(products, " of the attestations has the digest sha256:", "attestations")


def test_verify_attestation_blob_missing_is_refused(products):
    referrer(attest(products)).unlink()
    refused(products, "of the attestations is missing", "attestations")


def test_verify_attestation_file_without_referrer_is_refused(products):
    (attest(products) / "other.json").write_text("{}")
    refused(products, "'other.json' is in the folder of attestations, but no referrer refers to it", "attestations")


def test_verify_sif_with_another_document_is_refused(products):
    attest(products)
    flip(products.sif, b"a statement")
    refused(products, "sha256 of 'provenance.json': expected ", "odd.sif")


def test_verify_sif_without_documents_is_refused(products):
    attest(products)
    products.convert()
    refused(products, "contains no attestation, expected one of ['provenance.json']", "odd.sif")
