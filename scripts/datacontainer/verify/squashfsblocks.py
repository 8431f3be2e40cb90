"""The stretches of a SquashFS: bytes of the image, data blocks, and tables in metadata blocks; none is trusted.

Source: https://dr-emann.github.io/squashfs/, "Packing Metadata", "Packing File Data"; Linux, fs/squashfs/squashfs_fs.h.
"""

import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from datacontainer.runtime.errors import DataError

METADATA_BYTES = 8192
# In a metadata block's length, the mark of one that is not compressed.
_METADATA_UNCOMPRESSED = 0x8000
# The size of a data block, and beside it the mark of one that is not compressed.
STORED_BYTES, _BLOCK_UNCOMPRESSED = (1 << 24) - 1, 1 << 24
# Metadata blocks that a table keeps, 2 MiB of them.
_KEPT_BLOCKS = 256


def _inflated(content: bytes, most_bytes: int) -> bytes | None:
    """No more than the first bytes, or None where the end is not reached with them."""
    stream = zlib.decompressobj()
    result = stream.decompress(content, most_bytes)
    return result if stream.eof else None


def _of_zstd(content: bytes, most_bytes: int) -> bytes:
    """No more than the first bytes. That a frame has no end is an error of its own."""
    result: bytes = pa.CompressedInputStream(pa.BufferReader(content), "zstd").read(most_bytes)
    return result


# By the compressor's number in the superblock.
GZIP, ZSTD = 1, 6
DECOMPRESSORS: dict[int, Callable[[bytes, int], bytes | None]] = {GZIP: _inflated, ZSTD: _of_zstd}


class Stretch:
    """Bytes of an open file from an offset on, with the name that errors give it."""

    def __init__(self, path: Path, descriptor: int, offset: int, size_bytes: int) -> None:
        """descriptor: of the open file, which its owner closes."""
        self.path, self.size_bytes, self.compressor = path, size_bytes, GZIP
        self._descriptor, self._offset = descriptor, offset

    def read(self, start: int, size_bytes: int, what: str) -> bytes:
        """The bytes from `start`, counted from the stretch's first; `what` says in an error what lies there."""
        if start < 0 or start + size_bytes > self.size_bytes:
            end = start + size_bytes
            raise self.damaged(f"{what} is said to be at {start} to {end}, and all there is ends at {self.size_bytes}")
        content = os.pread(self._descriptor, size_bytes, self._offset + start)
        while len(content) < size_bytes:
            more = os.pread(self._descriptor, size_bytes - len(content), self._offset + start + len(content))
            if not more:
                raise self.damaged(f"the file ends {size_bytes - len(content)} bytes before the end of {what}")
            content += more
        return content

    def block(self, start: int, size_word: int, most_bytes: int, what: str) -> bytes:
        """The content of a data block or fragment block, whose stored size and compression a word of 32 bits tells."""
        stored_bytes = size_word & STORED_BYTES
        if size_word & ~(STORED_BYTES | _BLOCK_UNCOMPRESSED) or stored_bytes > most_bytes:
            raise self.damaged(f"{what} is in a block of size {size_word:#x}, and {most_bytes} bytes are the most")
        content = self.read(start, stored_bytes, what)
        return content if size_word & _BLOCK_UNCOMPRESSED else self.decompressed(content, most_bytes, what)

    def decompressed(self, content: bytes, most_bytes: int, what: str) -> bytes:
        """What the image's compressor makes of it, which may be no longer than that."""
        try:
            # With room for a byte more, a stream that fills all of it comes to its end too.
            result = DECOMPRESSORS[self.compressor](content, most_bytes + 1)
        except (zlib.error, OSError) as error:
            raise self.damaged(f"{what} cannot be decompressed ({error})") from error
        if result is None or len(result) > most_bytes:
            raise self.damaged(f"{what} is not decompressed by its end, or to more than {most_bytes} bytes")
        return result

    def damaged(self, what: str) -> DataError:
        """The error to raise."""
        return DataError(f"the SquashFS in {str(self.path)!r} is damaged: {what}")


class Table:
    """A table in metadata blocks, between two places of a stretch; it keeps the blocks that were read last."""

    def __init__(self, stretch: Stretch, name: str, start: int, end: int) -> None:
        """name: as in "the inode table"."""
        self.name = name
        self.stretch = stretch
        self._start, self._end = start, end
        self._kept: dict[int, tuple[bytes, int]] = {}

    def block(self, place: int) -> tuple[bytes, int]:
        """The content of the block at a place counted from the table's start, and the place of the next one."""
        if place not in self._kept:
            if len(self._kept) >= _KEPT_BLOCKS:
                self._kept.clear()
            self._kept[place] = self._read(place)
        return self._kept[place]

    def _read(self, place: int) -> tuple[bytes, int]:
        start = self._start + place
        what = f"the block of {self.name} at {start}"
        if start + 2 > self._end:
            raise self.stretch.damaged(f"{what} is wanted, and the table ends at {self._end}")
        word = int.from_bytes(self.stretch.read(start, 2, what), "little")
        stored_bytes = word & (_METADATA_UNCOMPRESSED - 1)
        if not 0 < stored_bytes <= METADATA_BYTES or start + 2 + stored_bytes > self._end:
            raise self.stretch.damaged(f"{what} is {stored_bytes} bytes large, and the table ends at {self._end}")
        content = self.stretch.read(start + 2, stored_bytes, what)
        if not word & _METADATA_UNCOMPRESSED:
            content = self.stretch.decompressed(content, METADATA_BYTES, what)
        return content, place + 2 + stored_bytes


class Cursor:
    """A place in a table, which moves on by what is read."""

    def __init__(self, table: Table, block: int, at: int) -> None:
        """block: the place of a metadata block in the table. at: the place in the block."""
        self._table, self._block, self._at = table, block, at

    def copy(self) -> "Cursor":
        """Another cursor at the same place."""
        return Cursor(self._table, self._block, self._at)

    def read(self, size_bytes: int) -> bytes:
        """The next bytes, which may go on in the blocks that follow."""
        content, following = self._table.block(self._block)
        if self._at > len(content):
            what = f"a place {self._at} bytes into a block of {self._table.name} that holds {len(content)}"
            raise self._table.stretch.damaged(what)
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
