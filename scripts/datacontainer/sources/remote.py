"""Images in registries."""

from typing import IO

from datacontainer.registry.client import Repository
from datacontainer.registry.errors import RangeIgnored
from datacontainer.registry.reference import Reference
from datacontainer.sources.image import MAXIMUM_DOCUMENT, Image
from datacontainer.sources.source import Traffic

# The bytes that are asked for to see whether a registry sends ranges.
PROBE_BYTES = 512


class RemoteBlobs:
    """The blobs of a repository; see `image.Blobs`."""

    def __init__(self, repository: Repository) -> None:
        """repository: to read from; its requests are counted in `traffic`."""
        self._repository, self.traffic = repository, Traffic()
        self._ranges: bool | None = None
        repository.transport.count = lambda: self.traffic.add(0, 1)

    def manifest(self, digest: str) -> bytes:
        """See `image.Blobs`."""
        return self._counted(self._repository.manifest(digest).content)

    def config(self, digest: str) -> bytes:
        """See `image.Blobs`."""
        return self._counted(self._repository.blob(digest, MAXIMUM_DOCUMENT))

    def opened(self, digest: str, start: int, stop: int | None) -> IO[bytes]:
        """See `image.Blobs`."""
        return self._repository.open_blob(digest, start, stop)

    def has_ranges(self, digest: str) -> bool:
        """See `image.Blobs`; asks the registry once."""
        if self._ranges is None:
            try:
                with self._repository.open_blob(digest, 0, PROBE_BYTES) as stream:
                    self._counted(stream.read(PROBE_BYTES))
                self._ranges = True
            except RangeIgnored:
                self._ranges = False
        return self._ranges

    def _counted(self, content: bytes) -> bytes:
        self.traffic.add(len(content))
        return content


def open_reference(reference: Reference, *, plain_http: bool) -> Image:
    """Returns the image of a reference.

    Raises:
        RegistryError: if the registry cannot be reached, or has no such image.
    """
    blobs = RemoteBlobs(Repository(reference, plain_http))
    return Image(str(reference), blobs.manifest(""), blobs)
