"""Bases in registries."""

import shutil
from functools import cached_property
from pathlib import Path

from datacontainer.base.manifest import Keep, digest_of
from datacontainer.registry.client import Repository
from datacontainer.registry.reference import Reference
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.outputs import link_or_copy

MAXIMUM_DOCUMENT, COPY_BYTES = 16 << 20, 1 << 20


class Remote:
    """A base in a registry; see `manifest.Source`."""

    def __init__(self, text: str, keep: Keep) -> None:
        """keep: the cache of the blobs, by the digits of their digests."""
        self.text, self._keep = text, keep
        self._reference = Reference.parse(text)
        self._repository = Repository(self._reference)

    @property
    def name(self) -> str:
        """See `manifest.Source`."""
        return str(self._reference)

    def top(self) -> bytes:
        """See `manifest.Source`."""
        return self._top

    def document(self, digest: str) -> bytes:
        """See `manifest.Source`; manifests and configs are kept in the cache too."""
        folder = self._keep(_digits(digest), lambda folder: self._write_document(digest, folder))
        content = (folder / "blob").read_bytes()
        if digest_of(content) != digest:
            shutil.rmtree(folder, ignore_errors=True)
            raise DataError(f"{str(folder)!r} was damaged, and was deleted: run snakemake again")
        return content

    def store(self, digest: str, target: Path) -> None:
        """See `manifest.Source`; fetches the layer only if the cache does not have it."""
        link_or_copy(self._keep(_digits(digest), lambda folder: self._fetch(digest, folder)) / "blob", target)

    def forget(self, digest: str) -> None:
        """See `manifest.Source`."""
        shutil.rmtree(self._keep(_digits(digest), lambda _: None), ignore_errors=True)

    @cached_property
    def _top(self) -> bytes:
        if self._reference.digest:
            return self.document(self._reference.digest)
        return self._repository.manifest().content

    def _write_document(self, digest: str, folder: Path) -> None:
        """Writes a manifest or, if the registry has none with the digest, a config."""
        is_manifest = digest == self._reference.digest or self._repository.has_manifest(digest)
        content = (
            self._repository.manifest(digest).content
            if is_manifest
            else self._repository.blob(digest, MAXIMUM_DOCUMENT)
        )
        (folder / "blob").write_bytes(content)

    def _fetch(self, digest: str, folder: Path) -> None:
        with self._repository.open_blob(digest) as stream, open(folder / "blob", "xb") as target:
            shutil.copyfileobj(stream, target, COPY_BYTES)


def _digits(digest: str) -> str:
    return digest.removeprefix("sha256:")
