"""Lineage in registries: the results of an image, as its referrers name them, and the digests of an ancestor."""

from contextlib import suppress
from typing import Any, NamedTuple

from datacontainer.config.dataset import LABEL_PREFIX, RESULT, RESULT_DIGEST, RESULT_TYPE
from datacontainer.registry.client import Manifest, Repository
from datacontainer.registry.errors import RegistryError
from datacontainer.registry.reference import DIGEST, Reference
from datacontainer.sources.remote import open_reference


class Result(NamedTuple):
    """A result of an image. reference: to which it was pushed. digest: of its manifest or index."""

    reference: str
    digest: str


def results_of(repository: Repository, top: Manifest) -> list[Result]:
    """The results of a manifest or index and of its manifests, sorted; none if the registry does not list referrers."""
    subjects = [top.digest, *(str(one.get("digest")) for one in top.document.get("manifests") or ())]
    found = set[Result]()
    with suppress(RegistryError):
        for subject in filter(DIGEST.fullmatch, subjects):
            found.update(filter(None, map(_result, repository.referrers(subject))))
    return sorted(found)


def digests_of(ancestor: str, *, plain_http: bool = False) -> frozenset[str]:
    """The digests with which results name an ancestor: of the image and of its dataset. ancestor: a digest or a REF.

    Raises:
        UsageError: if the text is neither.
        RegistryError: if the registry has no such image.
    """
    if not ancestor or DIGEST.fullmatch(ancestor):
        return frozenset(filter(None, [ancestor]))
    image = open_reference(Reference.parse(ancestor), plain_http=plain_http)
    return frozenset(filter(None, [image.digest, image.labels.get(LABEL_PREFIX + "dataset.digest")]))


def _result(descriptor: dict[str, Any]) -> Result | None:
    """The result that a referrer names; None for another referrer."""
    named = descriptor.get("annotations")
    if descriptor.get("artifactType") != RESULT_TYPE or not isinstance(named, dict):
        return None
    if not {RESULT, RESULT_DIGEST} <= named.keys():
        return None
    return Result(str(named[RESULT]), str(named[RESULT_DIGEST]))
