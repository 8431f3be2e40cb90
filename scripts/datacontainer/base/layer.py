"""A layer of a base, read once: the members of its tar, and the digests of the blob and of the tar."""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from datacontainer.base.manifest import Layer
from datacontainer.runtime.errors import DataError

READ_BYTES = 1 << 20
UNREADABLE = (tarfile.TarError, OSError, EOFError, ValueError, zlib.error)


@dataclass(frozen=True)
class StoredLayer:
    """A layer of a base, and the file with its blob."""

    path: Path
    layer: Layer


class Hashed:
    """A stream whose bytes are hashed as they are read."""

    closed = False

    def __init__(self, file: IO[bytes] | Any) -> None:
        """file: to read from."""
        self._file, self._digest = file, hashlib.sha256()

    def read(self, count: int = READ_BYTES) -> bytes:
        """The next bytes; none at the end."""
        content: bytes = self._file.read(count)
        self._digest.update(content)
        return content

    def readable(self) -> bool:
        """True: the stream can be read."""
        return True

    def close(self) -> None:
        """Does nothing: the owner of the stream closes it."""

    def digest(self) -> str:
        """The digest of the bytes read so far."""
        return "sha256:" + self._digest.hexdigest()


@contextmanager
def reading(stored: StoredLayer) -> Iterator["LayerTar"]:
    """The tar of a layer; compares the digests of all bytes at the end of the block.

    Raises:
        DataError: if the layer cannot be read, or has other digests.
    """
    layer = stored.layer
    try:
        with open(stored.path, "rb", buffering=0) as file:
            blob = Hashed(file)
            with _decompressed(blob, layer.compression) as content:
                tar = Hashed(content)
                # The type of `fileobj` has more methods than a stream needs.
                stream: Any = tar
                with tarfile.open(
                    fileobj=stream, mode="r|", bufsize=READ_BYTES, encoding="utf-8", errors="surrogateescape"
                ) as members:
                    opened = LayerTar(members)
                    yield opened
                    opened.read_rest()
            while blob.read():
                pass
    except UNREADABLE as error:
        raise DataError(
            f"the layer {layer.digest} of the base cannot be read ({error}): copy the base again"
        ) from error
    for what, expected, found in (("blob", layer.digest, blob.digest()), ("tar", layer.diff_id, tar.digest())):
        if expected != found:
            raise DataError(
                f"digest mismatch for a layer of the base: manifest and config name the {what} {expected}, the file "
                f"gives {found}: copy the base again"
            )


class LayerTar:
    """The tar of a layer. members: to iterate once, in the order of the tar."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        """tar: a stream."""
        self._tar = tar
        self.members = self._members()

    def pieces(self, member: tarfile.TarInfo) -> Iterator[bytes]:
        """The content of the current member."""
        content = self._tar.extractfile(member)
        while content and (piece := content.read(READ_BYTES)):
            yield piece

    def read_rest(self) -> None:
        """Reads to the end, after which only zeros may follow; tarfile also stops at a damaged header."""
        for _ in self.members:
            pass
        # The stream of a tar in the mode r|.
        stream: Any = self._tar.fileobj
        while content := stream.read(READ_BYTES):
            if content.strip(b"\0"):
                raise tarfile.ReadError("a header is damaged")

    def _members(self) -> Iterator[tarfile.TarInfo]:
        while (member := self._tar.next()) is not None:
            # tarfile keeps all members, also of a stream.
            self._tar.members.clear()  # type: ignore[attr-defined]
            yield member


@contextmanager
def _decompressed(blob: Hashed, compression: str) -> Iterator[Any]:
    if compression == "gzip":
        with gzip.GzipFile(fileobj=blob, mode="rb") as content:  # type: ignore[call-overload]
            yield content
    elif compression == "zstd":
        import pyarrow as pa

        with pa.CompressedInputStream(pa.PythonFile(blob, mode="r"), "zstd") as content:
            yield content
    else:
        yield blob
