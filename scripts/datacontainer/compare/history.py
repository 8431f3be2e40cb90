"""History: the images to which a tag of a registry pointed, as each push over the tag recorded them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from datacontainer.compare.containers import Container, columns
from datacontainer.compare.shown import Record
from datacontainer.config.dataset import PREVIOUS
from datacontainer.registry.client import Manifest, Repository
from datacontainer.registry.errors import RegistryError
from datacontainer.registry.reference import DIGEST, Reference
from datacontainer.runtime.errors import DataError
from datacontainer.sources.image import Image
from datacontainer.sources.remote import RemoteBlobs


class State(NamedTuple):
    """An image to which the tag pointed, and the one before; None for the first, and for one that is unknown."""

    now: Container
    before: Container | None

    def to_text(self) -> str:
        """Digest, version, files and bytes, difference to the state before, title; then the command that compares."""
        now = self.now
        line = columns(now.digest, now.text("version"), now.amount(), self._more(), now.text("title"))
        if not now.dataset_digest:
            line = columns(now.digest, "no data container")
        if not self.before or not self.before.dataset_digest or not now.dataset_digest:
            return line
        return f"{line}\n  datacontainer diff {self.before.reference} {now.reference}"

    def to_json(self) -> dict[str, Any]:
        """The state for other programs."""
        found = self.now.to_json()
        for name in ("files", "bytes"):
            if (difference := self._difference(name)) is not None:
                found[f"more_{name}"] = difference
        return found

    def _more(self) -> str:
        files, size_bytes = self._difference("files"), self._difference("bytes")
        return "" if files is None or size_bytes is None else f"{files:+,} files, {size_bytes:+,} B"

    def _difference(self, name: str) -> int | None:
        before, now = self.before.number(name) if self.before else None, self.now.number(name)
        return None if before is None or now is None else now - before


class Lost(NamedTuple):
    """An image that the registry does not have any more, with which the history ends."""

    digest: str

    def to_text(self) -> str:
        """One line."""
        return f"{self.digest}\tthe registry no longer has this image: the history ends here"

    def to_json(self) -> dict[str, Any]:
        """The image for other programs."""
        return {"digest": self.digest, "lost": True}


def history(reference: Reference, *, plain_http: bool = False) -> Iterator[Record]:
    """Yields the states of a tag, the latest first.

    Raises:
        RegistryError: if the registry refuses a request, or has no such tag.
    """
    repository = Repository(reference, plain_http)
    manifest = repository.manifest()
    now = _container(repository, manifest)
    # An index contains the digest of the one before, so that no history is endless.
    while previous := _previous(manifest):
        try:
            manifest = repository.manifest(previous)
        except RegistryError as error:
            if error.status != 404:
                raise
            yield from (State(now, None), Lost(previous))
            return
        before = _container(repository, manifest)
        yield State(now, before)
        now = before
    yield State(now, None)


def _previous(manifest: Manifest) -> str:
    """The digest that the tag had before; "" without one."""
    annotations = manifest.document.get("annotations")
    found = annotations.get(PREVIOUS) if isinstance(annotations, dict) else None
    return found if isinstance(found, str) and DIGEST.fullmatch(found) else ""


def _container(repository: Repository, manifest: Manifest) -> Container:
    name = f"{repository.reference.name}@{manifest.digest}"
    try:
        return Container(name, manifest.digest, Image(name, manifest.content, RemoteBlobs(repository)).labels)
    except DataError:
        return Container(name, manifest.digest, {})
