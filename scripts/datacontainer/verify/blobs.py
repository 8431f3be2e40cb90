"""A layer's blob and the tar that it stands for: both read once, in pieces, and digested.

It shares nothing with what compresses layers, but for the zstd library.
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
from datacontainer.verify.tar import READ_BYTES, OncePassed, Readable, passing

# With gzip's header and trailer.
_GZIP_FORM = zlib.MAX_WBITS | 16


class StoredBytes:
    """A file of compressed bytes, digested as they are read. The methods are those that pyarrow asks for."""

    closed = False

    def __init__(self, file: BinaryIO, path: Path, read: Callable[[int], None]) -> None:
        """read: is told of each block that was read."""
        self._file, self._path, self._read = file, path, read
        self._digest = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size_bytes: int) -> bytes:
        """The next bytes, none at the end."""
        content = self._file.read(size_bytes)
        self._digest.update(content)
        self.size_bytes += len(content)
        self._read(len(content))
        return content

    def readable(self) -> bool:
        """That it can be read."""
        return True

    def close(self) -> None:
        """Leaves the file to its owner."""

    def sha256(self) -> str:
        """The digest of what was read."""
        return self._digest.hexdigest()

    def damaged(self, what: str) -> DataError:
        """The error to raise."""
        return DataError(f"the blob {str(self._path)!r} cannot be decompressed: {what}")


class Gzip:
    """What the only member of a gzip file decompresses to."""

    def __init__(self, stored: StoredBytes) -> None:
        """stored: the file."""
        self._stored = stored
        self._inflate = zlib.decompressobj(_GZIP_FORM)

    def read(self, size_bytes: int) -> bytes:
        """The next bytes, no more than asked for, none at the end."""
        while not self._inflate.eof:
            waiting = self._inflate.unconsumed_tail or self._stored.read(READ_BYTES)
            try:
                content = self._inflate.decompress(waiting, size_bytes)
            except zlib.error as error:
                raise self._stored.damaged(str(error)) from error
            if content:
                return content
            if not waiting:
                raise self._stored.damaged("it ends early")
        if self._inflate.unused_data or self._stored.read(1):
            raise self._stored.damaged("there are bytes behind its end")
        return b""


class Zstd:
    """What the frames of a zstd file decompress to."""

    def __init__(self, stored: StoredBytes) -> None:
        """stored: the file."""
        self._stored = stored
        self._stream = pa.CompressedInputStream(pa.PythonFile(stored, "r"), "zstd")

    def read(self, size_bytes: int) -> bytes:
        """The next bytes, no more than asked for, none at the end."""
        try:
            content: bytes = self._stream.read(size_bytes)
        except OSError as error:
            raise self._stored.damaged(str(error)) from error
        return content


@dataclass(frozen=True)
class LayerBlob:
    """A layer while it is read. stored: the bytes of one that is compressed."""

    tar: OncePassed
    stored: StoredBytes | None = None

    def read_rest(self) -> tuple[str, int, str]:
        """sha256 and size of the blob, and sha256 of the tar; what is left of it is read."""
        sha256 = self.tar.sha256()
        if self.stored is None:
            return sha256, self.tar.size_bytes, sha256
        return self.stored.sha256(), self.stored.size_bytes, sha256


@contextmanager
def reading_layer(path: Path, media_type: str, read: Callable[[int], None]) -> Iterator[LayerBlob]:
    """The layer, compressed as its media type says; `read` is told of each block's size.

    Raises:
        DataError: here and by all that reads on, when it is not.
    """
    forms: dict[str, Callable[[StoredBytes], Readable]] = {"+gzip": Gzip, "+zstd": Zstd}
    form = forms.get(media_type[-5:])
    with open(path, "rb", buffering=0) as file:
        if form is None:
            with passing(file, path, read) as tar:
                yield LayerBlob(tar)
            return
        stored = StoredBytes(file, path, read)
        with passing(form(stored), path, lambda _: None) as tar:
            yield LayerBlob(tar, stored)
