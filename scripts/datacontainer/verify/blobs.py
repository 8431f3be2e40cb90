"""Reader of a layer's blob and of the tar in it: both are read once, in pieces, and hashed.

The module shares no code with the compression of layers, except the zstd library.
Source: RFC 1952, "GZIP file format"; RFC 8878, "Zstandard".
"""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from datacontainer.runtime.errors import DataError
from datacontainer.verify.tar import READ_BYTES, HashedStream, Readable, hashing

# zlib's flag for a stream with gzip's header and trailer.
_GZIP_FORMAT = zlib.MAX_WBITS | 16


class StoredBytes:
    """A compressed file whose bytes are hashed as they are read. Has the methods that pyarrow calls."""

    closed = False

    def __init__(self, file: BinaryIO, path: Path, read: Callable[[int], None]) -> None:
        """read: called with the size of each block read."""
        self._file, self._path, self._read = file, path, read
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size_bytes: int) -> bytes:
        """The next bytes; empty at the end."""
        content = self._file.read(size_bytes)
        self._digest.update(content)
        self.size_bytes += len(content)
        self._read(len(content))
        return content

    def readable(self) -> bool:
        """True: the file can be read."""
        return True

    def close(self) -> None:
        """Does nothing: the owner of the file closes it."""

    def sha256(self) -> str:
        """The digest of the bytes read so far."""
        return self._digest.hexdigest()

    def damaged(self, what: str) -> DataError:
        """The error to raise for a damaged blob."""
        return DataError(f"the blob {str(self._path)!r} cannot be decompressed: {what}")


class Gzip:
    """The decompressed content of a gzip file, which must have exactly one member."""

    def __init__(self, stored: StoredBytes) -> None:
        """stored: the compressed file."""
        self._stored = stored
        self._inflate = zlib.decompressobj(_GZIP_FORMAT)

    def read(self, size_bytes: int) -> bytes:
        """The next bytes, at most `size_bytes`; empty at the end."""
        while not self._inflate.eof:
            waiting = self._inflate.unconsumed_tail or self._stored.read(READ_BYTES)
            try:
                content = self._inflate.decompress(waiting, size_bytes)
            except zlib.error as error:
                raise self._stored.damaged(str(error)) from error
            if content:
                return content
            if not waiting:
                raise self._stored.damaged("the compressed stream is truncated")
        if self._inflate.unused_data or self._stored.read(1):
            raise self._stored.damaged("extra bytes follow the compressed stream")
        return b""


class Zstd:
    """The decompressed content of all frames of a zstd file."""

    def __init__(self, stored: StoredBytes) -> None:
        """stored: the compressed file."""
        self._stored = stored
        self._stream = pa.CompressedInputStream(pa.PythonFile(stored, "r"), "zstd")

    def read(self, size_bytes: int) -> bytes:
        """The next bytes, at most `size_bytes`; empty at the end."""
        try:
            content: bytes = self._stream.read(size_bytes)
        except OSError as error:
            raise self._stored.damaged(str(error)) from error
        return content


@dataclass(frozen=True)
class LayerBlob:
    """A layer while it is read. stored: the compressed bytes, if the layer is compressed."""

    tar: HashedStream
    stored: StoredBytes | None = None

    def read_rest(self) -> tuple[str, int, str]:
        """Reads the rest; returns the sha256 and the size of the blob, and the sha256 of the tar."""
        sha256 = self.tar.sha256()
        if self.stored is None:
            return sha256, self.tar.size_bytes, sha256
        return self.stored.sha256(), self.stored.size_bytes, sha256


@contextmanager
def reading_layer(path: Path, media_type: str, read: Callable[[int], None]) -> Iterator[LayerBlob]:
    """Opens a layer, compressed according to its media type; `read` is called with the size of each block read.

    Raises:
        DataError: here and in all later reads, if the blob is not compressed that way, or is damaged.
    """
    formats: dict[str, Callable[[StoredBytes], Readable]] = {"+gzip": Gzip, "+zstd": Zstd}
    decompressor = formats.get(media_type[-5:])
    with open(path, "rb", buffering=0) as file:
        if decompressor is None:
            with hashing(file, path, read) as tar:
                yield LayerBlob(tar)
            return
        stored = StoredBytes(file, path, read)
        with hashing(decompressor(stored), path, lambda _: None) as tar:
            yield LayerBlob(tar, stored)
