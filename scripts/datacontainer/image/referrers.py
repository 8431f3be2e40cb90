"""Attestations as files, and as an image layout of referrers: manifests whose subject is the image's manifest.

Source: OCI image-spec 1.1, manifest.md, "Guidelines for Artifact Usage"; distribution-spec 1.1, "Referrers Tag Schema".
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datacontainer.image.built import Attestation
from datacontainer.image.layout import LAYOUT_VERSION, Blobs
from datacontainer.image.oci import INDEX_TYPE, MANIFEST_TYPE, Blob
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import completed_folder, write_bytes

EMPTY = Blob("application/vnd.oci.empty.v1+json", b"{}")


def write_attestations(attestations: Sequence[Attestation], folder: Path) -> None:
    """Creates `folder` with a file for each attestation, and oci/, a layout with the referrers of each subject.

    The layout is separate because Apptainer refuses an index.json with more than one descriptor. Its images have the
    tag sha256-<hex>, with which clients of registries without a referrers API find the referrers of a digest.
    """
    with completed_folder(folder) as partial:
        for one in attestations:
            write_bytes(partial / one.file, one.document.content)
            logger.info("%s: %s, about %s", one.file, one.document.digest, one.subject["digest"])
        _write_layout(attestations, partial / "oci")


def referrers_tag(digest: str) -> str:
    """The tag under which the referrers of a digest are listed."""
    return digest.replace(":", "-")


def _write_layout(attestations: Sequence[Attestation], layout: Path) -> None:
    blobs, referring = Blobs(layout), dict[str, list[dict[str, Any]]]()
    blobs.add(EMPTY)
    for one in attestations:
        referring.setdefault(one.subject["digest"], []).append(_referrer(one, blobs))
    indexes = [
        _index(listed, blobs).descriptor(annotations={"org.opencontainers.image.ref.name": referrers_tag(digest)})
        for digest, listed in sorted(referring.items())
    ]
    write_bytes(layout / "oci-layout", LAYOUT_VERSION)
    write_bytes(layout / "index.json", _of_manifests(indexes).content)


def _referrer(one: Attestation, blobs: Blobs) -> dict[str, Any]:
    """Stores the manifest of an attestation; returns its descriptor for an index."""
    document = blobs.add(one.document)
    described = document.descriptor(annotations={"org.opencontainers.image.title": one.file})
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": document.media_type,
        "config": EMPTY.descriptor(),
        "layers": [described],
        "subject": dict(one.subject),
        "annotations": dict(one.annotations),
    }
    stored = blobs.add(Blob.of(MANIFEST_TYPE, manifest))
    return stored.descriptor(artifactType=document.media_type, annotations=dict(one.annotations))


def _index(manifests: Sequence[Mapping[str, Any]], blobs: Blobs) -> Blob:
    return blobs.add(_of_manifests(manifests))


def _of_manifests(manifests: Sequence[Mapping[str, Any]]) -> Blob:
    return Blob.of(INDEX_TYPE, {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": list(manifests)})
