"""Comparison of the tables at the end of a zstd layer with the layer's frames and with its tar.

Sources: RFC 8878, "Zstandard Frames"; facebook/zstd, contrib/seekable_format; containers/storage,
docs/containers-storage-zstd-chunked.md.
"""

import hashlib
import json
import os
import re
import struct
from collections.abc import Iterator
from itertools import accumulate, zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa

from datacontainer.verify.comparison import Differences
from datacontainer.verify.kinds import FILE, FOLDER, LINK
from datacontainer.verify.layout import Descriptor
from datacontainer.verify.tar import Member
from datacontainer.verify.zstdframes import Sizes, frames_before

SEEK_TABLE, CHUNKED = "io.datacontainer.seek-table", "io.github.containers.zstd-chunked."
SEEK_MAGIC, SKIPPABLE_MAGIC, SEEKABLE_MAGIC = 0x184D2A5E, 0x184D2A50, 0x8F92EAB1
CHUNKED_TYPE, CHUNKED_MAGIC = 1, b"GNUlInUx"
# podman refuses larger tables of contents.
MAXIMUM_CONTENTS, MAXIMUM_TABLE = 150 << 20, 1 << 28
SHOWN_BYTES = 300
TYPES = {FILE: "reg", LINK: "symlink", FOLDER: "dir"}
_PAIR, _FOOTER, _CHUNKED_FOOTER = struct.Struct("<II"), struct.Struct("<IBI"), struct.Struct("<7Q8s")
_HEADER_BYTES = _PAIR.size


class Tables:
    """The tables of a layer; a layer without the annotation of a seek table has none."""

    def __init__(self, path: Path, layer: Descriptor, differences: Differences) -> None:
        """Compares the seek table with the frames, and reads the table of contents. path: of the blob."""
        self._what, self._layer, self._differences = f"the tables of the layer {layer.digest}", layer, differences
        self._entries: list[Any] | None = None
        self._places: dict[int, int] = {}
        self._number = 0
        if SEEK_TABLE in layer.annotations:
            try:
                with open(path, "rb") as file:
                    self._read(file.fileno())
            except (ValueError, OSError, KeyError, TypeError, RecursionError) as error:
                differences.add(f"{self._what} are damaged: {error}")

    def compare(self, member: Member) -> None:
        """Compares the next member of the tar with the table of contents; records only the first difference."""
        if self._entries is None:
            return
        number, self._number = self._number, self._number + 1
        found = self._entries[number] if number < len(self._entries) else None
        if found != (expected := self._entry(member)):
            self._add_different(f"entry {number}", expected, found)

    def compare_end(self) -> None:
        """Compares the number of members with the table of contents."""
        if self._entries is not None and self._number != len(self._entries):
            self._add_different("the number of entries", self._number, len(self._entries))

    def _add_different(self, what: str, expected: object, found: object) -> None:
        self._entries = None
        texts = [json.dumps(one)[:SHOWN_BYTES] for one in (expected, found)]
        self._differences.add(f"{self._what}: {what}: expected {texts[0]} (the tar), found {texts[1]} (the table)")

    def _entry(self, member: Member) -> dict[str, Any]:
        name, target = (text.decode(errors="surrogateescape") for text in (member.name, member.target))
        entry = {"type": TYPES[member.kind], "name": name, "mode": member.mode, "modtime": "1970-01-01T00:00:00Z"}
        if target:
            entry["linkName"] = target
        if member.size_bytes:
            start, end = (self._places.get(member.offset + size) for size in (0, member.size_bytes))
            entry |= {"size": member.size_bytes, "digest": f"sha256:{member.sha256}", "offset": start, "endOffset": end}
        return entry

    def _read(self, file: int) -> None:
        offset, length = self._numbers(SEEK_TABLE, 2)
        size_bytes = os.fstat(file).st_size
        if offset + length > size_bytes or length > MAXIMUM_TABLE:
            raise ValueError(f"the seek table is at {offset}:{length}, in a blob of {size_bytes} bytes")
        table = list(_seek_table(_content(file, offset, length, SEEK_MAGIC)))
        for number, (found, expected) in enumerate(zip_longest(table, frames_before(file, offset))):
            if found != expected:
                raise ValueError(
                    f"frame {number}: expected the sizes {expected} (its header), found {found} (the table)"
                )
        begins, tar = (list(accumulate(sizes, initial=0)) for sizes in zip(*table, strict=True))
        if begins[-1] != offset:
            raise ValueError(f"the frames in the seek table have {begins[-1]} bytes, expected {offset}")
        if CHUNKED + "manifest-checksum" in self._layer.annotations:
            self._places = dict(zip(tar, begins, strict=True))
            self._entries = self._contents(file, offset + length)
        elif offset + length != size_bytes:
            raise ValueError(f"the seek table ends at {offset + length}, in a blob of {size_bytes} bytes")

    def _contents(self, file: int, place: int) -> list[Any]:
        """The entries of the table of contents. place: of its frame, which the tar-split and the footer follow."""
        position = self._numbers(CHUNKED + "manifest-position", 4)
        split = self._numbers(CHUNKED + "tarsplit-position", 3)
        start, length, plain_bytes, kind = position
        if start != place + _HEADER_BYTES or kind != CHUNKED_TYPE or max(length, plain_bytes) > MAXIMUM_CONTENTS:
            raise ValueError(f"the table of contents is at {position}, expected {place + _HEADER_BYTES}")
        if split[0] != start + length + _HEADER_BYTES:
            raise ValueError(f"the tar-split is at {split}, expected {start + length + _HEADER_BYTES}")
        end = sum(split[:2])
        footer = _CHUNKED_FOOTER.pack(*position, *split, CHUNKED_MAGIC)
        rest = os.fstat(file).st_size - end
        if rest != _HEADER_BYTES + len(footer) or _content(file, end, rest, SKIPPABLE_MAGIC) != footer:
            raise ValueError(f"the footer of {rest} bytes differs from the annotations {position} and {split}")
        content = _content(file, place, _HEADER_BYTES + length, SKIPPABLE_MAGIC)
        _check_digest("the table of contents", self._layer.annotations[CHUNKED + "manifest-checksum"], content)
        document = json.loads(_decompressed(content, plain_bytes))
        headers = _content(file, split[0] - _HEADER_BYTES, _HEADER_BYTES + split[1], SKIPPABLE_MAGIC)
        _check_digest("the tar-split", document["tarSplitDigest"], headers)
        if document["version"] != 1 or document.keys() != {"version", "entries", "tarSplitDigest"}:
            raise ValueError(f"the table of contents has the version {document['version']}, expected 1, or more keys")
        return list(document["entries"])

    def _numbers(self, name: str, count: int) -> list[int]:
        text = self._layer.annotations.get(name, "")
        if not re.fullmatch(":".join(["[0-9]{1,18}"] * count), text):
            raise ValueError(f"the annotation {name} is {text[:SHOWN_BYTES]!r}, expected {count} numbers")
        return [int(one) for one in text.split(":")]


def _seek_table(content: bytes) -> Iterator[Sizes]:
    count, rest = divmod(len(content) - _FOOTER.size, _PAIR.size)
    expected = count, 0, SEEKABLE_MAGIC
    if rest or count < 1 or (found := _FOOTER.unpack(content[-_FOOTER.size :])) != expected:
        raise ValueError(f"the seek table of {len(content)} bytes ends with {found}, expected {expected}")
    yield from _PAIR.iter_unpack(content[: -_FOOTER.size])


def _content(file: int, place: int, length: int, magic: int) -> bytes:
    """The content of a skippable frame. length: of the frame."""
    found = os.pread(file, max(0, length), place)
    header = _PAIR.pack(magic, max(0, length - _HEADER_BYTES))
    if len(found) != length or found[:_HEADER_BYTES] != header:
        raise ValueError(f"there is no frame with {length} bytes and the magic number {magic:#x} at {place}")
    return found[_HEADER_BYTES:]


def _check_digest(what: str, expected: str, content: bytes) -> None:
    found = "sha256:" + hashlib.sha256(content).hexdigest()
    if expected != found:
        raise ValueError(f"digest mismatch for {what}: expected {expected[:SHOWN_BYTES]}, its content gives {found}")


def _decompressed(content: bytes, size_bytes: int) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
        found: bytes = stream.read(size_bytes + 1)
    if len(found) != size_bytes:
        raise ValueError(f"the table of contents has not {size_bytes} bytes, which its annotation states")
    return found
