"""Images in registries, whose manifests and configs the cache keeps."""

from collections.abc import Callable
from contextlib import suppress

from datacontainer.registry.client import digest_of
from datacontainer.registry.reference import DIGEST
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.outputs import write_bytes
from datacontainer.sources.cache import cache_folder
from datacontainer.sources.remote import RemoteBlobs


class KnownBlobs(RemoteBlobs):
    """The blobs of a repository; manifests and configs that were read before come from the cache. See `image.Blobs`."""

    def manifest(self, digest: str) -> bytes:
        """See `image.Blobs`."""
        return _known(digest, super().manifest)

    def config(self, digest: str) -> bytes:
        """See `image.Blobs`."""
        return _known(digest, super().config)


def _known(digest: str, read: Callable[[str], bytes]) -> bytes:
    """The content with a digest from the cache, whose digest is checked, or else from `read`."""
    try:
        folder = cache_folder() / "documents"
    except UsageError:
        return read(digest)
    # A digest comes from a registry: no other text becomes the name of a file.
    file = folder / digest.partition(":")[2] if DIGEST.fullmatch(digest) else None
    with suppress(OSError):
        if file and digest_of(content := file.read_bytes()) == digest:
            return content
    content = read(digest)
    with suppress(OSError):
        if file:
            folder.mkdir(exist_ok=True, parents=True)
            write_bytes(file, content)
    return content
