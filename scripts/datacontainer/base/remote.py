"""Bases in registries."""

import os
import shutil
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from datacontainer.base.manifest import Keep, digest_of
from datacontainer.registry.client import Repository
from datacontainer.registry.reference import Reference
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.outputs import link_or_copy

MAXIMUM_DOCUMENT, COPY_BYTES, BLOB = 16 << 20, 1 << 20, "blob"


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

    def manifest(self, digest: str) -> bytes:
        """See `manifest.Source`; it is kept in the cache, too."""
        return self._document(digest, lambda: self._repository.manifest(digest).content)

    def config(self, digest: str) -> bytes:
        """See `manifest.Source`; it is kept in the cache, too."""
        return self._document(digest, lambda: self._repository.blob(digest, MAXIMUM_DOCUMENT))

    def _document(self, digest: str, fetch: Callable[[], bytes]) -> bytes:
        def write(folder: Path) -> None:
            (folder / BLOB).write_bytes(fetch())

        folder = self._keep(_digits(digest), write)
        content = (folder / BLOB).read_bytes()
        if digest_of(content) != digest:
            shutil.rmtree(folder, ignore_errors=True)
            raise DataError(f"{str(folder)!r} was damaged, and was deleted: run snakemake again")
        return content

    def store(self, digest: str, target: Path) -> None:
        """See `manifest.Source`; fetches the layer only if the cache does not have it."""
        link_or_copy(self._keep(_digits(digest), lambda folder: self._fetch(digest, folder)) / BLOB, target)

    def forget(self, digest: str) -> None:
        """See `manifest.Source`."""
        shutil.rmtree(self._keep(_digits(digest), lambda _: None), ignore_errors=True)

    @cached_property
    def _top(self) -> bytes:
        if self._reference.digest:
            return self.manifest(self._reference.digest)
        return self._repository.manifest().content

    def _fetch(self, digest: str, folder: Path) -> None:
        with self._repository.open_blob(digest) as stream, open(folder / BLOB, "xb") as target:
            shutil.copyfileobj(stream, target, COPY_BYTES)
            target.flush()
            os.fsync(target.fileno())


def _digits(digest: str) -> str:
    return digest.removeprefix("sha256:")
