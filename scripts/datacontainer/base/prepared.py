"""The prepared base of a dataset: an image layout with the documents and layers of its platforms, all checked."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from datacontainer.base.layer import StoredLayer
from datacontainer.base.local import BASE_DIGEST, BASE_NAME, INDEX, Layout, write_layout
from datacontainer.base.manifest import BaseImage, Layer, Source, digest_of, read_images
from datacontainer.base.tree import check_free, merged
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import write_bytes


@dataclass(frozen=True)
class Prepared:
    """A prepared base. digest: of its manifest or index. images: by platform."""

    folder: Path
    name: str
    digest: str
    images: Mapping[str, BaseImage]

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """The labels of an image with this base, as pairs of name and text."""
        return (BASE_DIGEST, self.digest), *(((BASE_NAME, self.name),) if self.name else ())

    def layers(self, platform: str) -> list[StoredLayer]:
        """The layers of a platform's image, with their files."""
        return _stored(self.folder, self.images[platform])


def read_prepared(folder: Path, platforms: Sequence[str]) -> Prepared:
    """The base that `prepare` wrote to a folder."""
    layout = Layout(str(folder), folder)
    return Prepared(folder, layout.name, layout.identity, read_images(layout, platforms))


def prepare(source: Source, platforms: Sequence[str], mount: str, folder: Path) -> None:
    """Writes a base to a folder, after comparing its layers with their digests; files that are there are replaced.

    Raises:
        UsageError: if it lacks a platform, or has files at a path that the new image uses.
        DataError: if it is damaged.
    """
    images = read_images(source, platforms)
    (folder / INDEX).unlink(missing_ok=True)
    top = source.top()
    documents = {digest_of(top): top}
    for manifest, config in (one.documents for one in images.values()):
        documents[config] = source.config(config)
        if manifest not in documents:
            documents[manifest] = source.manifest(manifest)
    for digest, content in documents.items():
        write_bytes(_blob(folder, digest), content)
    layers = {one.digest: one for image in images.values() for one in image.layers}
    for digest in layers:
        source.store(digest, _blob(folder, digest))
    try:
        for image in images.values():
            check_free(merged(_stored(folder, image)), mount, source.text)
    except DataError:
        _forget_damaged(source, folder, layers.values())
        raise
    _prune(folder, {*documents, *layers})
    write_layout(folder, top, source.name)
    logger.info("base %s %s", source.name or source.text, digest_of(top))
    finished(len(layers), sum(one.size_bytes for one in layers.values()))


def _forget_damaged(source: Source, folder: Path, layers: Iterable[Layer]) -> None:
    for one in layers:
        with open(_blob(folder, one.digest), "rb") as file:
            if f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" != one.digest:
                source.forget(one.digest)


def _stored(folder: Path, image: BaseImage) -> list[StoredLayer]:
    return [StoredLayer(_blob(folder, one.digest), one) for one in image.layers]


def _prune(folder: Path, digests: set[str]) -> None:
    """Removes the blobs of an earlier base."""
    for path in (folder / "blobs/sha256").iterdir():
        if f"sha256:{path.name}" not in digests:
            path.unlink()


def _blob(folder: Path, digest: str) -> Path:
    return folder / "blobs/sha256" / digest.removeprefix("sha256:")
