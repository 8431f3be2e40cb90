"""Compressed layers: seek tables, the bytes of a blob that contain a part of its tar, and decompression.

Source: facebook/zstd, contrib/seekable_format, "Zstandard Seekable Format" 0.1.0.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from datacontainer.layers.chunked import FRAME_HEADER, SEEK_ENTRY, SEEK_FOOTER, SEEK_MAGIC, SEEKABLE_MAGIC
from datacontainer.runtime.errors import DataError
from datacontainer.sources.source import Stream

# A table of this size describes more than 30 million frames.
MAXIMUM_TABLE = 1 << 28
_POSITION = re.compile(r"([0-9]{1,18}):([0-9]{1,18})")
SKIPPED_BYTES = 1 << 20
_OUTER = FRAME_HEADER.size + SEEK_FOOTER.size


@dataclass(frozen=True)
class Frames:
    """The frames of a layer. tar, blob: where each begins in the tar and in the blob, and the ends of both."""

    tar: np.ndarray
    blob: np.ndarray

    @property
    def size_bytes(self) -> int:
        """The size of the tar."""
        return int(self.tar[-1])

    def around(self, start: int, stop: int) -> tuple[int, int, int]:
        """The part of the blob with the bytes of the tar from `start` to before `stop`: its start and end.

        The third number is the place in the tar where the part begins.
        """
        first = max(0, int(np.searchsorted(self.tar, start, "right")) - 1)
        last = int(np.searchsorted(self.tar, stop, "left"))
        return int(self.blob[first]), int(self.blob[last]), int(self.tar[first])


def position(text: str, blob_bytes: int) -> tuple[int, int]:
    """The place and the end of a seek table in a blob, from the annotation of the blob's descriptor.

    Raises:
        ValueError: if it is outside of the blob, or too large.
    """
    found = _POSITION.fullmatch(text)
    if not found:
        raise ValueError(f"its position is {text[:50]!r}, expected OFFSET:LENGTH")
    offset, length = map(int, found.groups())
    if offset + length > blob_bytes or not _OUTER <= length <= MAXIMUM_TABLE:
        raise ValueError(f"its position is {text!r} in a blob of {blob_bytes} bytes")
    return offset, offset + length


def read_frames(content: bytes, offset: int) -> Frames:
    """The frames in a seek table. content: of its own frame, which begins at `offset` of the blob.

    Raises:
        ValueError: if it is no seek table, or describes other frames than those before it.
    """
    if len(content) < _OUTER:
        raise ValueError(f"it has {len(content)} bytes, expected {_OUTER} or more")
    found = *FRAME_HEADER.unpack_from(content), *SEEK_FOOTER.unpack(content[-SEEK_FOOTER.size :])
    count, rest = divmod(len(content) - _OUTER, SEEK_ENTRY.size)
    expected = SEEK_MAGIC, len(content) - FRAME_HEADER.size, count, 0, SEEKABLE_MAGIC
    if found != expected or rest:
        raise ValueError(f"its magic numbers, sizes and flags are {found}, expected {expected}")
    sizes = np.frombuffer(content, "<u4", 2 * count, FRAME_HEADER.size).reshape(count, 2).astype(np.int64)
    blob, tar = (np.concatenate([[0], np.cumsum(column)]) for column in sizes.T)
    if blob[-1] != offset:
        raise ValueError(f"its frames have {int(blob[-1])} bytes, expected {offset}")
    return Frames(tar, blob)


def damaged(layer: str, name: str, error: object) -> DataError:
    """The error for a seek table. layer: its digest. name: of the source."""
    return DataError(f"the seek table of the layer {layer} of {name!r} is damaged: {error}: push or build it again")


@contextmanager
def decompressed(blob: Stream, compression: str, before: int, what: str) -> Iterator[Stream]:
    """The decompressed content of a stream after its first `before` bytes. what: is read, for messages.

    The sizes in a seek table only choose the bytes to read: the memory does not depend on them.
    """
    # Only compressed layers need this import, which costs time.
    import pyarrow as pa

    with pa.CompressedInputStream(pa.PythonFile(blob, mode="r"), compression) as stream:
        found = _Decompressed(stream, what)
        while before and (skipped := found.read(min(before, SKIPPED_BYTES))):
            before -= len(skipped)
        yield found


class _Decompressed:
    """A stream whose errors name what is read."""

    def __init__(self, stream: Stream, what: str) -> None:
        self._stream, self._what = stream, what

    def read(self, count: int = -1) -> bytes:
        try:
            return self._stream.read(count)
        except (OSError, ValueError) as error:
            text = " ".join(str(error).split())[:200]
            raise DataError(f"{self._what} cannot be decompressed ({text}): pull or build the image again") from error
