"""The sizes of zstd frames, from their headers and from those of their blocks, without decompression.

Source: RFC 8878, "Zstandard Frames" and "Blocks".
"""

import os
from collections.abc import Iterator

MAGIC = (0xFD2FB528).to_bytes(4, "little")
# The magic number, the flags, the window, the dictionary and the size of the content.
_MOST_HEADER_BYTES = 4 + 1 + 1 + 4 + 8
_DICTIONARY_BYTES, _SIZE_BYTES = (0, 1, 2, 4), (0, 2, 4, 8)
_BLOCK_HEADER_BYTES, _CHECKSUM_BYTES = 3, 4
_ONE_BYTE, _RESERVED = 1, 3
# Compressed and decompressed size of a frame.
Sizes = tuple[int, int]


def frames_before(file: int, end: int) -> Iterator[Sizes]:
    """The sizes of the frames before a place of a file.

    Raises:
        ValueError: if there are other bytes, or frames whose header does not contain the size of the content.
    """
    place = 0
    while place < end:
        header_bytes, content_bytes, checksum_bytes = _header(os.pread(file, _MOST_HEADER_BYTES, place), place)
        after = _after_blocks(file, place + header_bytes, end) + checksum_bytes
        yield after - place, content_bytes
        place = after


def _header(content: bytes, place: int) -> tuple[int, int, int]:
    """The sizes of a frame's header, of its content, and of the checksum after it."""
    if len(content) < _MOST_HEADER_BYTES or content[:4] != MAGIC:
        raise ValueError(f"no zstd frame begins at {place}")
    flags = content[4]
    single = flags >> 5 & 1
    size_bytes = _SIZE_BYTES[flags >> 6] or single
    start = 4 + 1 + (1 - single) + _DICTIONARY_BYTES[flags & 3]
    if not size_bytes:
        raise ValueError(f"the frame at {place} does not contain the size of its content")
    found = int.from_bytes(content[start : start + size_bytes], "little")
    # A size of two bytes begins with 256.
    return start + size_bytes, found + (256 if size_bytes == 2 else 0), _CHECKSUM_BYTES if flags & 4 else 0


def _after_blocks(file: int, place: int, end: int) -> int:
    """The place after the last block of a frame. place: of the first one."""
    last = False
    while not last:
        if place >= end:
            raise ValueError(f"a zstd frame does not end before {end}")
        header = int.from_bytes(os.pread(file, _BLOCK_HEADER_BYTES, place), "little")
        last, kind, size_bytes = bool(header & 1), header >> 1 & 3, header >> 3
        if kind == _RESERVED:
            raise ValueError(f"the block at {place} has the reserved type {kind}")
        place += _BLOCK_HEADER_BYTES + (1 if kind == _ONE_BYTE else size_bytes)
    return place
