"""Results: adds a pushed image to the referrers of the images that its dataset was made from.

Source: OCI image-spec 1.1, manifest.md, "Guidelines for Artifact Usage".
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.config.dataset import LABEL_PREFIX, OCI_LABEL, RESULT, RESULT_DIGEST, RESULT_TYPE
from datacontainer.image.labels import ancestors_in
from datacontainer.image.oci import MANIFEST_TYPE, Blob
from datacontainer.image.referrers import EMPTY
from datacontainer.publish.blobs import Blobs
from datacontainer.publish.layout import Image
from datacontainer.publish.memory import Memory
from datacontainer.publish.referrers import is_listed, put_referrer
from datacontainer.registry.client import Manifest, Repository
from datacontainer.registry.errors import RegistryError
from datacontainer.registry.reference import Reference
from datacontainer.registry.upload import BlobFile
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import warn

# The statuses of a registry that does not let this login read an image.
REFUSED = {401, 403}


class Ancestor(NamedTuple):
    """An image that a dataset was made from. manifest: the manifest or index of its reference."""

    repository: Repository
    manifest: Manifest

    def __str__(self) -> str:
        """The reference with the digest."""
        return f"{self.repository.reference.name}@{self.manifest.digest}"


def find_ancestors(labels: Mapping[str, str], given: Sequence[Reference], *, plain_http: bool) -> list[Ancestor]:
    """Returns the images that a dataset was made from: the `given` ones, and those that the labels of its image name.

    Raises:
        UsageError: if a given image has another dataset than the labels name.
        RegistryError: if a given image does not exist. An image that cannot be read otherwise causes a warning.
    """
    entries, found = ancestors_in(labels), dict[str, Ancestor]()
    located = [f"{one['reference']}@{one['image']}" for one in entries if "reference" in one and "image" in one]
    for reference in [*given, *map(Reference.parse, located)]:
        try:
            one = Ancestor(repository := Repository(reference, plain_http), repository.manifest())
            if reference in given:
                _check(one, entries)
        except RegistryError as error:
            if reference in given and error.status not in REFUSED:
                raise
            warn(f"the image will not be listed as a result of {reference}: {error}")
            continue
        found.setdefault(str(one), one)
    return list(found.values())


def add_result(image: Image, reference: Reference, ancestors: Sequence[Ancestor]) -> tuple[str, ...]:
    """Makes the repository of each ancestor list an image as its result; returns the ancestors that list it.

    image: which was pushed to `reference`. A repository that refuses it causes a warning.
    """
    listed = []
    for one in ancestors:
        try:
            _put(image, reference, one)
            listed.append(str(one))
        except RegistryError as error:
            warn(f"the image was pushed, but not listed as a result of {one}: {error}")
    return tuple(listed)


def _check(one: Ancestor, entries: Sequence[Mapping[str, str]]) -> None:
    """Returns if one of the entries is about the ancestor, or if there are none."""
    # Imported here, because it loads pyarrow, which other pushes do not need.
    from datacontainer.sources.image import Image as Source
    from datacontainer.sources.remote import RemoteBlobs

    known = {entry[key] for entry in entries for key in ("dataset_digest", "image") if key in entry}
    image = Source(str(one), one.manifest.content, RemoteBlobs(one.repository))
    dataset = image.labels.get(LABEL_PREFIX + "dataset.digest", "")
    if known and not known & {dataset, one.manifest.digest}:
        raise UsageError(
            f"--ancestor {one}: it has the dataset {dataset or 'none'}, but the result was made from "
            f"{', '.join(sorted(known))}: name the image that the command ran on"
        )


def _put(image: Image, reference: Reference, ancestor: Ancestor) -> None:
    labels, repository, subject = image.labels, ancestor.repository, ancestor.manifest
    texts = {key: labels[key] for key in (OCI_LABEL + "title", LABEL_PREFIX + "dataset.digest") if key in labels}
    annotations = texts | {RESULT: str(reference), RESULT_DIGEST: image.digest}
    artifact = _artifact(annotations, subject)
    if is_listed(repository, subject.digest, artifact.digest):
        return
    with tempfile.TemporaryDirectory(prefix="datacontainer-") as folder:
        empty = Path(folder, "empty.json")
        empty.write_bytes(EMPTY.content)
        memory = Memory(Path(folder, "pushes.json"), repository.reference)
        Blobs(repository, memory).send([BlobFile(empty, EMPTY.digest, len(EMPTY.content))])
    descriptor = artifact.descriptor(artifactType=RESULT_TYPE, annotations=annotations)
    put_referrer(repository, subject.digest, [artifact], descriptor)


def _artifact(annotations: Mapping[str, str], subject: Manifest) -> Blob:
    """The manifest of a referrer whose annotations are all of its content."""
    value: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": RESULT_TYPE,
        "config": EMPTY.descriptor(),
        "layers": [EMPTY.descriptor()],
        "subject": {"mediaType": subject.media_type, "digest": subject.digest, "size": len(subject.content)},
        "annotations": dict(annotations),
    }
    return Blob.of(MANIFEST_TYPE, value)
