"""Frames: the pieces of a layer's tar that are compressed independently, so that each can be read alone.

Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header".
"""

import hashlib
import tarfile
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from datacontainer.layers.crc64 import Crc64
from datacontainer.layers.gnulinks import extended_records, padded
from datacontainer.layers.tarsplit import TarSplit

BLOCK = tarfile.BLOCKSIZE
# The measurements are in docs/decisions/0025-ranges-in-compressed-layers.md.
FRAME_BYTES, SHARED_BYTES, OWN_BYTES = 4 << 20, 256 << 10, 256 << 10
# Without a table of contents, a layer with many or small files is smaller.
MAXIMUM_RECORDS, MINIMUM_MEAN = 100_000, 64 << 10
_EXTENDED, _MAGIC = b"x", b"ustar"


class Member(NamedTuple):
    """A member of a tar. kind: its type. sha256: of its content, "" if it is empty. frames: those of its content."""

    name: bytes
    kind: bytes
    mode: int
    size_bytes: int
    target: bytes
    sha256: str
    frames: range


class TarFrames:
    """The frames of a tar. members: those read so far, only with `split`. is_described: `members` has all, in UTF-8."""

    def __init__(self, source: BinaryIO, split: TarSplit | None = None) -> None:
        """split: to which the members are added; then a content shares no frame with headers or other contents."""
        self._source, self._split = source, split
        self._own_bytes = 1 if split else OWN_BYTES
        self._count, self._padding = 0, b""
        self.members: list[Member] = []
        self.is_described, self._is_text = False, True

    def __iter__(self) -> Iterator[bytes]:
        """The frames, which together are the tar; the last one is incomplete if the tar is."""
        for frame in self._frames():
            self._count += 1
            yield frame

    def _frames(self) -> Iterator[bytes]:
        held = bytearray()
        while (headers := self._headers()) and (found := _described(headers)):
            if len(held) >= SHARED_BYTES:
                yield bytes(held)
                held.clear()
            held += headers
            self._add_headers(headers)
            if found.size_bytes < self._own_bytes:
                held += self._source.read(padded(found.size_bytes))
                self._add(found)
                continue
            yield bytes(held)
            yield from self._content(found)
            self._padding = self._source.read(padded(found.size_bytes) - found.size_bytes)
            held = bytearray(self._padding)
        yield from self._end(bytes(held + headers))

    def _headers(self) -> bytes:
        """The headers of the next member, or the first block of the end."""
        header = self._source.read(BLOCK)
        if header[156:157] != _EXTENDED or header[257:262] != _MAGIC:
            return header
        return header + self._source.read(padded(int(header[124:135], 8))) + self._source.read(BLOCK)

    def _content(self, found: Member) -> Iterator[bytes]:
        digest, crc64, first, left = hashlib.sha256(), Crc64(), self._count, found.size_bytes
        while left and (piece := self._source.read(min(left, FRAME_BYTES))):
            if self._split:
                digest.update(piece)
                crc64.update(piece)
            left -= len(piece)
            yield piece
        self._add(found._replace(sha256=digest.hexdigest(), frames=range(first, self._count)), crc64.digest())

    def _add_headers(self, content: bytes) -> None:
        """Adds the headers of a member, or the end of the tar, with the zeros after the content before."""
        if self._split:
            self._split.add_segment(self._padding + content)
            self._padding = b""

    def _add(self, found: Member, crc64: bytes = b"") -> None:
        if self._split:
            self.members.append(found)
            self._is_text = self._is_text and _is_text(found.name + found.target)
            self._split.add_file(found.name.decode(errors="replace"), found.size_bytes, crc64)

    def _end(self, held: bytes) -> Iterator[bytes]:
        """The rest in frames. held: its start, which ends with the first block that is no header."""
        end = self._source.read(FRAME_BYTES)
        last = held[-BLOCK:] + end
        self.is_described = self._is_text and len(last) >= 2 * BLOCK and not last.strip(b"\0")
        self._add_headers(last)
        yield held + end
        while end:
            end = self._source.read(FRAME_BYTES)
            if end:
                yield end


def suits_contents(listed: bytes) -> bool:
    """Whether the layer of a shard gets a table of contents: few large files, with names in UTF-8.

    listed: the shard's list.
    """
    numbers = listed.split(b"\0")[:-1:3]
    if not 0 < len(numbers) <= MAXIMUM_RECORDS:
        return False
    if sum(int(one.split(b" ", 3)[2]) for one in numbers if one[:1] == b"f") < len(numbers) * MINIMUM_MEAN:
        return False
    return _is_text(listed)


def _is_text(content: bytes) -> bool:
    """Whether the names are UTF-8: JSON would change others."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _described(headers: bytes) -> Member | None:
    """The member of these headers without its content; None if the tar ends in them."""
    header = headers[-BLOCK:]
    if header[257:262] != _MAGIC:
        return None
    try:
        size_bytes = int(headers[124:135], 8)
        records = extended_records(headers[BLOCK : BLOCK + size_bytes]) if len(headers) > BLOCK else {}
        size_bytes, mode = int(records.get(b"size") or int(header[124:135], 8)), int(header[100:107], 8)
    except ValueError:
        return None
    name, target = records.get(b"path") or _name(header), records.get(b"linkpath") or _text(header[157:257])
    return Member(name, header[156:157], mode, size_bytes, target, "", range(0))


def _name(header: bytes) -> bytes:
    prefix = _text(header[345:500])
    return prefix + b"/" + _text(header[:100]) if prefix else _text(header[:100])


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]
