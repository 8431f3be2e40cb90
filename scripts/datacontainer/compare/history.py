"""History: the images to which a tag of a registry pointed, as each push over the tag recorded them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from datacontainer.compare.containers import Container, cell, columns
from datacontainer.compare.shown import Record
from datacontainer.config.dataset import PREVIOUS
from datacontainer.registry.client import Manifest, Repository
from datacontainer.registry.errors import RegistryError
from datacontainer.registry.reference import DIGEST, Reference
from datacontainer.runtime.errors import DataError
from datacontainer.sources.image import Image
from datacontainer.sources.known import KnownBlobs


class State(NamedTuple):
    """An image to which the tag pointed, and the one before; None for the first, and for one that is unknown.

    error: why the labels of the image are unknown; "" if they are known.
    """

    now: Container
    before: Container | None
    error: str = ""

    def to_text(self) -> str:
        """Digest, version, files and bytes, difference to the state before, title; then the command that compares."""
        now = self.now
        if not now.dataset_digest:
            return columns(now.digest, self.error or "no data container")
        line = columns(now.digest, cell(now.text("version")), now.amount(), self._more(), cell(now.text("title")))
        if not self.before or not self.before.dataset_digest:
            return line
        return f"{line}\n  datacontainer diff {self.before.reference} {now.reference}"

    def to_json(self) -> dict[str, Any]:
        """The state for other programs."""
        found = self.now.to_json() | ({"error": self.error} if self.error else {})
        for name in ("files", "bytes"):
            if (difference := self._difference(name)) is not None:
                found[f"more_{name}"] = difference
        return found

    def _more(self) -> str:
        files, size_bytes = self._difference("files"), self._difference("bytes")
        if files is None or size_bytes is None:
            return ""
        return f"{files:+,} {'file' if abs(files) == 1 else 'files'}, {size_bytes:+,} B"

    def _difference(self, name: str) -> int | None:
        before, now = self.before.number(name) if self.before else None, self.now.number(name)
        return None if before is None or now is None else now - before


class Lost(NamedTuple):
    """An image whose manifest the registry does not send any more, with which the history ends."""

    digest: str
    error: str

    def to_text(self) -> str:
        """One line."""
        return columns(self.digest, f"{self.error}: the history ends here")

    def to_json(self) -> dict[str, Any]:
        """The image for other programs."""
        return {"digest": self.digest, "lost": True, "error": self.error}


def history(reference: Reference, *, plain_http: bool = False) -> Iterator[Record]:
    """Yields the states of a tag, the latest first; the last may be `Lost`.

    Raises:
        RegistryError: if the registry cannot be reached, refuses the tag, or has no such tag.
    """
    repository = Repository(reference, plain_http)
    manifest = repository.manifest()
    now, error = _container(repository, manifest)
    # An index contains the digest of the one before, so that no history is endless.
    while previous := _previous(manifest):
        try:
            manifest = repository.manifest(previous)
        except RegistryError as problem:
            lost = "the registry no longer has this image" if problem.status == 404 else str(problem)
            yield from (State(now, None, error), Lost(previous, lost))
            return
        before, error_before = _container(repository, manifest)
        yield State(now, before, error)
        now, error = before, error_before
    yield State(now, None, error)


def _previous(manifest: Manifest) -> str:
    """The digest that the tag had before; "" without one."""
    annotations = manifest.document.get("annotations")
    found = annotations.get(PREVIOUS) if isinstance(annotations, dict) else None
    return found if isinstance(found, str) and DIGEST.fullmatch(found) else ""


def _container(repository: Repository, manifest: Manifest) -> tuple[Container, str]:
    """The image of a manifest, and why its labels cannot be read."""
    name, labels, error = f"{repository.reference.name}@{manifest.digest}", dict[str, str](), ""
    try:
        labels = dict(Image(name, manifest.content, KnownBlobs(repository)).labels)
    except RegistryError as problem:
        error = str(problem)
    except DataError:
        pass
    return Container(name, manifest.digest, labels), error
