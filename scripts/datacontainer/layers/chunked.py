"""Tables at the end of a zstd layer, in skippable frames, with which parts of the layer can be read.

Sources: facebook/zstd, contrib/seekable_format, "Zstandard Seekable Format" 0.1.0; containers/storage,
docs/containers-storage-zstd-chunked.md.
"""

import hashlib
import json
import struct
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

from datacontainer.layers.frames import Member
from datacontainer.layers.tarsplit import TarSplit

# Of the layer's descriptor: the place and the size of the frame with the seek table.
SEEK_TABLE = "io.datacontainer.seek-table"
CHUNKED = "io.github.containers.zstd-chunked."
SEEK_MAGIC, SKIPPABLE_MAGIC = 0x184D2A5E, 0x184D2A50
FRAME_HEADER = struct.Struct("<II")
SEEK_ENTRY = struct.Struct("<II")
# The number of entries, a byte of flags, and the magic number.
SEEK_FOOTER = struct.Struct("<IBI")
SEEKABLE_MAGIC = 0x8F92EAB1
CHUNKED_FOOTER = struct.Struct("<7Q8s")
CHUNKED_MAGIC, CHUNKED_TYPE = b"GNUlInUx", 1
EPOCH = "1970-01-01T00:00:00Z"
TYPES = {b"0": "reg", b"2": "symlink", b"5": "dir"}
# Compressed and decompressed size of a frame.
Sizes = tuple[int, int]
Compress = Callable[[bytes], bytes]


def seek_table(frames: Sequence[Sizes]) -> bytes:
    """The frame with the sizes of all frames."""
    entries = b"".join(SEEK_ENTRY.pack(*one) for one in frames)
    return skippable(entries + SEEK_FOOTER.pack(len(frames), 0, SEEKABLE_MAGIC), SEEK_MAGIC)


def skippable(content: bytes, magic: int = SKIPPABLE_MAGIC) -> bytes:
    """A frame that decompressors skip."""
    return FRAME_HEADER.pack(magic, len(content)) + content


def tables(
    frames: Sequence[Sizes], members: Sequence[Member], split: TarSplit | None, compress: Compress
) -> tuple[bytes, dict[str, str]]:
    """Returns the frames after a layer's own frames, and the annotations of its descriptor.

    members, split: of a tar with the contents in frames of their own; without split, there is no table of contents.
    """
    begins = list(accumulate((size for size, _ in frames), initial=0))
    seek = seek_table(frames)
    annotations = {SEEK_TABLE: f"{begins[-1]}:{len(seek)}"}
    if split is None:
        return seek, annotations
    content, more = _contents([_entry(one, begins) for one in members], split, begins[-1] + len(seek), compress)
    return seek + content, annotations | more


def _contents(entries: Sequence[Any], split: TarSplit, place: int, compress: Compress) -> tuple[bytes, dict[str, str]]:
    """The table of contents, the tar-split and the footer, which begin at a place of the blob; the annotations."""
    headers = split.content()
    document = {"version": 1, "entries": entries, "tarSplitDigest": _digest(headers)}
    plain = json.dumps(document, separators=(",", ":")).encode()
    contents = compress(plain)
    position = place + FRAME_HEADER.size, len(contents), len(plain), CHUNKED_TYPE
    split_position = position[0] + len(contents) + FRAME_HEADER.size, len(headers), split.plain_bytes
    footer = CHUNKED_FOOTER.pack(*position, *split_position, CHUNKED_MAGIC)
    annotations = {
        "manifest-checksum": _digest(contents),
        "manifest-position": ":".join(map(str, position)),
        "tarsplit-position": ":".join(map(str, split_position)),
    }
    content = b"".join(map(skippable, (contents, headers, footer)))
    return content, {CHUNKED + name: text for name, text in annotations.items()}


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _entry(one: Member, begins: Sequence[int]) -> dict[str, Any]:
    entry = {"type": TYPES[one.kind], "name": one.name.decode(), "mode": one.mode, "modtime": EPOCH}
    if one.target:
        entry["linkName"] = one.target.decode()
    if one.frames:
        place = {"offset": begins[one.frames.start], "endOffset": begins[one.frames.stop]}
        entry |= {"size": one.size_bytes, "digest": f"sha256:{one.sha256}", **place}
    return entry
