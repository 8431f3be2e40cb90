"""Reader of the parts of a SquashFS: bytes, data blocks, and tables in metadata blocks; checks all sizes.

Source: https://dr-emann.github.io/squashfs/, "Packing Metadata", "Packing File Data"; Linux, fs/squashfs/squashfs_fs.h.
"""

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from datacontainer.runtime.errors import DataError

METADATA_BYTES = 8192
# The bit in a metadata block's length that marks an uncompressed block.
_METADATA_UNCOMPRESSED = 0x8000
# The bits of a data block's stored size, and the bit that marks an uncompressed block.
STORED_BYTES, _BLOCK_UNCOMPRESSED = (1 << 24) - 1, 1 << 24
# The number of metadata blocks that a table keeps in memory: 2 MiB.
_KEPT_BLOCKS = 256


def _inflated(content: bytes, most_bytes: int) -> bytes | None:
    """At most the first `most_bytes` bytes; None if the stream does not end with them."""
    stream = zlib.decompressobj()
    result = stream.decompress(content, most_bytes)
    return result if stream.eof else None


def _of_zstd(content: bytes, most_bytes: int) -> bytes:
    """At most the first `most_bytes` bytes. pyarrow raises OSError if a frame is truncated."""
    result: bytes = pa.CompressedInputStream(pa.BufferReader(content), "zstd").read(most_bytes)
    return result


# By the compressor's number in the superblock.
GZIP, ZSTD = 1, 6
DECOMPRESSORS: dict[int, Callable[[bytes, int], bytes | None]] = {GZIP: _inflated, ZSTD: _of_zstd}


class Extent:
    """A range of bytes in an open file. path: the file, for errors."""

    def __init__(self, path: Path, descriptor: int, offset: int, size_bytes: int) -> None:
        """descriptor: of the open file; the caller closes it."""
        self.path, self.size_bytes, self.compressor = path, size_bytes, GZIP
        self._descriptor, self._offset = descriptor, offset

    def read(self, start: int, size_bytes: int, what: str) -> bytes:
        """The bytes from `start`, relative to the beginning of the extent; they are called `what` in errors."""
        if start < 0 or start + size_bytes > self.size_bytes:
            end = start + size_bytes
            raise self.damaged(f"{what} should be at {start} to {end}, but the image has {self.size_bytes} bytes")
        content = os.pread(self._descriptor, size_bytes, self._offset + start)
        while len(content) < size_bytes:
            more = os.pread(self._descriptor, size_bytes - len(content), self._offset + start + len(content))
            if not more:
                raise self.damaged(f"the file is truncated: {size_bytes - len(content)} bytes of {what} are missing")
            content += more
        return content

    def block(self, start: int, size_word: int, most_bytes: int, what: str) -> bytes:
        """The content of a data block or fragment block. size_word: 32 bits with its stored size and compression."""
        stored_bytes = size_word & STORED_BYTES
        if size_word & ~(STORED_BYTES | _BLOCK_UNCOMPRESSED) or stored_bytes > most_bytes:
            raise self.damaged(f"{what} is in a block of size {size_word:#x}; at most {most_bytes} bytes are allowed")
        content = self.read(start, stored_bytes, what)
        return content if size_word & _BLOCK_UNCOMPRESSED else self.decompressed(content, most_bytes, what)

    def decompressed(self, content: bytes, most_bytes: int, what: str) -> bytes:
        """The content decompressed, which may have at most `most_bytes` bytes."""
        try:
            # Room for one more byte lets zlib reach the end of a stream of exactly `most_bytes`.
            result = DECOMPRESSORS[self.compressor](content, most_bytes + 1)
        except (zlib.error, OSError) as error:
            raise self.damaged(f"{what} cannot be decompressed ({error})") from error
        if result is None or len(result) > most_bytes:
            raise self.damaged(f"{what} is truncated, or decompresses to more than {most_bytes} bytes")
        return result

    def damaged(self, what: str) -> DataError:
        """The error to raise for a damaged image."""
        return DataError(f"the SquashFS in {str(self.path)!r} is damaged: {what}")


class Table:
    """A table in metadata blocks, from `start` to `end` of an extent; keeps the last blocks in memory."""

    def __init__(self, extent: Extent, name: str, start: int, end: int) -> None:
        """name: for errors, as in "the inode table"."""
        self.name = name
        self.extent = extent
        self._start, self._end = start, end
        self._kept: dict[int, tuple[bytes, int]] = {}

    def block(self, position: int) -> tuple[bytes, int]:
        """The content of the block at a position relative to the table's start, and the position of the next block."""
        if position not in self._kept:
            if len(self._kept) >= _KEPT_BLOCKS:
                self._kept.clear()
            self._kept[position] = self._read(position)
        return self._kept[position]

    def _read(self, position: int) -> tuple[bytes, int]:
        start = self._start + position
        what = f"the block of {self.name} at {start}"
        if start + 2 > self._end:
            raise self.extent.damaged(f"{what} is beyond the end of the table at {self._end}")
        word = int.from_bytes(self.extent.read(start, 2, what), "little")
        stored_bytes = word & (_METADATA_UNCOMPRESSED - 1)
        if not 0 < stored_bytes <= METADATA_BYTES or start + 2 + stored_bytes > self._end:
            raise self.extent.damaged(f"{what} has {stored_bytes} bytes, but the table ends at {self._end}")
        content = self.extent.read(start + 2, stored_bytes, what)
        if not word & _METADATA_UNCOMPRESSED:
            content = self.extent.decompressed(content, METADATA_BYTES, what)
        return content, position + 2 + stored_bytes


class Cursor:
    """A position in a table, which advances with each read."""

    def __init__(self, table: Table, block: int, at: int) -> None:
        """block: the position of a metadata block in the table. at: the position in the block."""
        self._table, self._block, self._at = table, block, at

    def copy(self) -> "Cursor":
        """A new cursor at the same position."""
        return Cursor(self._table, self._block, self._at)

    def read(self, size_bytes: int) -> bytes:
        """The next bytes, which may continue in the following blocks."""
        content, following = self._table.block(self._block)
        if self._at > len(content):
            what = f"an offset of {self._at} bytes in a block of {self._table.name} that has {len(content)} bytes"
            raise self._table.extent.damaged(what)
        piece = content[self._at : self._at + size_bytes]
        self._at += len(piece)
        if len(piece) == size_bytes:
            return piece
        pieces, missing = [piece], size_bytes - len(piece)
        while missing:
            self._block = following
            content, following = self._table.block(self._block)
            pieces.append(content[:missing])
            self._at = len(pieces[-1])
            missing -= self._at
        return b"".join(pieces)
