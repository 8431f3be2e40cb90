"""Referrers in a registry: artifacts whose subject is an image.

Source: OCI distribution-spec 1.1, "Pushing Manifests with Subject", "Referrers Tag Schema".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from datacontainer.image.oci import INDEX_TYPE, Blob
from datacontainer.image.referrers import referrers_tag
from datacontainer.registry.client import Repository


def is_listed(repository: Repository, subject: str, digest: str) -> bool:
    """Whether the repository lists a referrer of a subject."""
    return any(one.get("digest") == digest for one in repository.referrers(subject))


def put_referrer(
    repository: Repository, subject: str, documents: Sequence[Blob], descriptor: Mapping[str, Any]
) -> None:
    """Stores a referrer and, in a registry without the referrers API, lists it under the tag of its subject.

    documents: the manifests of the referrer, the one with the subject last. descriptor: of that one.
    """
    for document in documents:
        listed = repository.put_manifest(document.content, document.media_type, document.digest)
    if listed:
        return
    others = [one for one in repository.tagged_referrers(subject) if one.get("digest") != descriptor["digest"]]
    value = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [*others, dict(descriptor)]}
    index = Blob.of(INDEX_TYPE, value)
    repository.put_manifest(index.content, index.media_type, referrers_tag(subject))
