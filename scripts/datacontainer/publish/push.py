"""Push: sends the image of a dataset, and its attestations, to a registry.

Blobs go first, manifests next, and the tag last: a reader of the tag never finds an incomplete image.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.config.dataset import PREVIOUS
from datacontainer.image.oci import INDEX_TYPE, Blob
from datacontainer.publish.blobs import Blobs
from datacontainer.publish.layout import Image, read_image, read_referrers
from datacontainer.publish.memory import Memory
from datacontainer.publish.referrers import is_listed, put_referrer
from datacontainer.publish.results import add_result, find_ancestors
from datacontainer.registry.client import Manifest, Repository
from datacontainer.registry.errors import RegistryError
from datacontainer.registry.reference import Reference
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import warn
from datacontainer.runtime.progress import size

LARGE_LAYER = 10 * 10**9


class Pushed(NamedTuple):
    """A push. digest: of the image that was built. changed: whether the tag was written. sent, there: bytes.

    ancestors: the images that list this one as a result.
    """

    reference: Reference
    digest: str
    changed: bool
    sent: int
    there: int
    ancestors: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The result for a user: bytes, digest, and the commands that pull the image."""
        first = "pushed" if self.changed else "already there:"
        return [
            f"{first} {self.reference} {self.digest}",
            f"{size(self.sent)} sent, {size(self.there)} were there",
            f"docker pull {self.reference}",
            f"docker pull {self.reference.name}@{self.digest}",
            *(f"listed as a result of {one}" for one in self.ancestors),
        ]


def push(
    layout: Path,
    attestations: Path,
    reference: Reference,
    memory: Path,
    *,
    ancestors: Sequence[Reference] = (),
    plain_http: bool = False,
) -> Pushed:
    """Makes a tag of a registry point to the unchanged image of a layout; a push of the same changes nothing.

    A tag that points to another image gets an index of the image's manifests that names the other's digest.
    attestations: a layout of referrers, which may not exist. memory: a file about unfinished uploads. ancestors: images
    whose repositories also list the image, as a result, besides those that its labels name.

    Raises:
        UsageError: if there is no layout, the reference has a digest, or an ancestor has another dataset.
        DataError: if a blob of the layout is missing or damaged.
        RegistryError: if the registry cannot be reached or refuses the image.
    """
    if reference.digest:
        raise UsageError(f"{str(reference)!r} has a digest, which a push decides: write {reference.name}:TAG")
    image, referrers = read_image(layout), list(read_referrers(attestations))
    warn_of_large_layers(image)
    found = find_ancestors(image.labels, ancestors, plain_http=plain_http)
    repository = Repository(reference, plain_http)
    earlier = _tagged(repository)
    new = [one for one in referrers if not is_listed(repository, one[0], one[2].digest)]
    same = earlier is not None and _is_same(earlier, image) and repository.has_manifest(image.digest)
    images = [*([] if same else [image]), *(one[2] for one in new)]
    remembered = Memory(memory, reference)
    sent = Blobs(repository, remembered).send(list({one.digest: one for each in images for one in each.blobs}.values()))
    for document in () if same else image.documents:
        repository.put_manifest(document.content, document.media_type, document.digest)
    for subject, descriptor, artifact in new:
        put_referrer(repository, subject, artifact.documents, descriptor)
    if not same:
        _put_tag(repository, image, layout, earlier)
    remembered.pushed()
    there = sum(one.size_bytes for one in image.blobs) if same else sent.there
    return Pushed(reference, image.digest, not same, sent.sent, there, add_result(image, reference, found))


def warn_of_large_layers(image: Image) -> None:
    """Warns of layers that some registries refuse."""
    large = max((one.size_bytes for one in image.layers), default=0)
    if large > LARGE_LAYER:
        warn(
            f"a layer has {size(large)}, and some registries refuse layers above {size(LARGE_LAYER)}: set shard_bytes "
            "of the dataset to a smaller number, such as 5000000000; a larger file cannot be cut"
        )


def _tagged(repository: Repository) -> Manifest | None:
    """The manifest or index to which the tag points; None if there is no such tag."""
    try:
        return repository.manifest()
    except RegistryError as error:
        if error.status == 404:
            return None
        raise


def _is_same(earlier: Manifest, image: Image) -> bool:
    """Whether the tag points to the image, or to an index of its manifests that a push over a tag wrote."""
    if earlier.digest == image.digest:
        return True
    value = earlier.document
    listed = [one.get("digest") for one in value.get("manifests") or ()]
    manifests = [one.digest for one in image.documents if one.media_type != INDEX_TYPE]
    return PREVIOUS in (value.get("annotations") or {}) and listed == manifests


def _put_tag(repository: Repository, image: Image, layout: Path, earlier: Manifest | None) -> None:
    top = image.documents[-1]
    if earlier:
        value = image.to_index(layout)
        value["annotations"] = {**value.get("annotations", {}), PREVIOUS: earlier.digest}
        top = _index(value)
    repository.put_manifest(top.content, top.media_type, repository.reference.tag)


def _index(value: dict[str, Any]) -> Blob:
    return Blob.of(INDEX_TYPE, value)
