"""Reader of SquashFS 4.0: files, links and folders sorted by path; checks every number before using it.

The module shares no code with the packer, which writes SquashFS images.
Source: https://dr-emann.github.io/squashfs/; Linux, fs/squashfs/squashfs_fs.h.
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from pathlib import Path
from typing import NamedTuple

from datacontainer.verify.kinds import FILE, FOLDER, LINK
from datacontainer.verify.squashfsblocks import DECOMPRESSORS, METADATA_BYTES, STORED_BYTES, Cursor, Extent, Table

MAGIC = 0x73717368
NO_TABLE, NO_FRAGMENT = 2**64 - 1, 2**32 - 1
MAX_NAME, MAX_TARGET, MAX_RUN = 255, 4095, 256
# A directory's size counts `.` and `..`, which are not stored.
DIRECTORY_EXTRA = 3

_SUPERBLOCK = struct.Struct("<IIIIIHHHHHH8Q")
_INODE = struct.Struct("<HH8xI")
_BASIC_FOLDER = struct.Struct("<I4xHHI")
_BASIC_FILE = struct.Struct("<IIII")
_LINK = struct.Struct("<4xI")
_EXTENDED_FOLDER = struct.Struct("<4xIII2xH4x")
_EXTENDED_FILE = struct.Struct("<QQ12xII4x")
_RUN = struct.Struct("<III")
_ENTRY = struct.Struct("<HhHH")
_FRAGMENT = struct.Struct("<QII")
# By the type number of an inode.
KINDS = {1: FOLDER, 2: FILE, 3: LINK, 8: FOLDER, 9: FILE, 10: LINK}


class Inode(NamedTuple):
    """The metadata of a file, link or folder, except its name.

    size_bytes: of a file's content, a link's target, or a folder's listing. start: position of a file's first block, or
    of the block with a folder's listing. offset: position in a file's fragment block, or in the block of the listing.
    sizes: the position of the list of a file's block sizes.
    """

    kind: str
    mode: int
    number: int
    size_bytes: int
    start: int
    offset: int
    parent: int
    fragment: int
    target: bytes
    sizes: Cursor


class Node(NamedTuple):
    """A path in the image and its inode; a folder's path ends with a slash."""

    path: bytes
    inode: Inode


class _Entry(NamedTuple):
    """An entry of a folder. key: the name, with a slash at the end for a folder. reference: position of the inode."""

    key: bytes
    kind: str
    reference: int
    number: int


@contextmanager
def opened(path: Path, offset: int = 0, size_bytes: int | None = None) -> Iterator["Squashfs"]:
    """Opens the SquashFS that begins at the file's `offset` and has at most `size_bytes`.

    Raises:
        DataError: here and in all later reads, if the image is damaged or has an unsupported feature.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        room = max(0, os.fstat(descriptor).st_size - offset)
        yield Squashfs(Extent(path, descriptor, offset, room if size_bytes is None else min(room, size_bytes)))
    finally:
        os.close(descriptor)


class Squashfs:
    """An open image. The memory holds some metadata blocks, one data block, and the folders of one listing."""

    def __init__(self, extent: Extent) -> None:
        """Reads the superblock."""
        self._extent = extent
        values = _SUPERBLOCK.unpack(extent.read(0, _SUPERBLOCK.size, "the superblock"))
        magic, _, _, self.block_bytes, self._fragments, compressor, log, _, _, major, minor = values[:11]
        root, self.size_bytes, identities, xattrs, inodes, directories, fragments, exports = values[11:]
        self._check_superblock(magic, (major, minor), compressor, log)
        following = (identities, xattrs, fragments, exports, self.size_bytes)
        end = min((place for place in following if place >= directories), default=directories)
        self._inodes = Table(extent, "the inode table", inodes, directories)
        self._directories = Table(extent, "the directory table", directories, end)
        self._fragment_places = fragments
        self._last_fragment: tuple[int, bytes] | None = None
        self._root = root

    def _check_superblock(self, magic: int, version: tuple[int, int], compressor: int, log: int) -> None:
        if magic != MAGIC:
            raise self._extent.damaged(f"it begins with {magic:#x}, expected {MAGIC:#x}")
        if version != (4, 0):
            raise self._extent.damaged(f"its version is {version[0]}.{version[1]}, expected 4.0")
        if compressor not in DECOMPRESSORS:
            raise self._extent.damaged(f"its compressor is number {compressor}, expected gzip (1) or zstd (6)")
        self._extent.compressor = compressor
        if not 12 <= log <= 20 or self.block_bytes != 1 << log:
            raise self._extent.damaged(f"its blocks have {self.block_bytes} bytes, expected 2 to the power of {log}")
        if self.size_bytes > self._extent.size_bytes:
            raise self._extent.damaged(
                f"the superblock describes {self.size_bytes} bytes, but the image has {self._extent.size_bytes}"
            )

    def root(self) -> Inode:
        """The inode of the root folder."""
        inode = self._inode(self._root, b"")
        if inode.kind != FOLDER:
            raise self._extent.damaged(f"its root is a {inode.kind}, expected a folder")
        return inode

    def nodes(self) -> Iterator[Node]:
        """All entries except the root, sorted by the bytes of their paths; a folder's path ends with a slash."""
        above = [(self._root, self._children(b"", self.root()))]
        while above:
            reference, node = next(above[-1][1], (0, None))
            if node is None:
                above.pop()
                continue
            yield node
            if node.inode.kind == FOLDER:
                if any(reference == one for one, _ in above):
                    raise self._extent.damaged(f"the folder {_shown(node.path)} contains itself")
                above.append((reference, self._children(node.path, node.inode)))

    def content(self, node: Node) -> Iterator[bytes]:
        """The content of a file, in pieces."""
        inode, what = node.inode, f"data of {_shown(node.path)}"
        whole, tail = divmod(inode.size_bytes, self.block_bytes)
        blocks = whole + (tail > 0 and inode.fragment == NO_FRAGMENT)
        start, sizes = inode.start, inode.sizes.copy()
        for number in range(blocks):
            word = int.from_bytes(sizes.read(4), "little")
            expected = tail if number == whole else self.block_bytes
            # A size of 0 represents a block of zeros.
            piece = self._extent.block(start, word, self.block_bytes, what) if word else bytes(expected)
            if len(piece) != expected:
                raise self._extent.damaged(f"{what} has a block of {len(piece)} bytes, expected {expected}")
            yield piece
            start += word & STORED_BYTES
        if tail and inode.fragment != NO_FRAGMENT:
            content = self._fragment(inode.fragment, what)[inode.offset : inode.offset + tail]
            if len(content) < tail:
                raise self._extent.damaged(f"{what} is beyond the end of its fragment block")
            yield content

    def _fragment(self, number: int, what: str) -> bytes:
        """The content of a fragment block. The last block is kept, because many small files in a row share a block."""
        if self._last_fragment is None or self._last_fragment[0] != number:
            if number >= self._fragments:
                raise self._extent.damaged(f"{what} is in fragment block {number}, but the image has {self._fragments}")
            # The table's metadata blocks are not contiguous; a list contains their positions.
            block, at = divmod(number * _FRAGMENT.size, METADATA_BYTES)
            place = self._extent.read(self._fragment_places + 8 * block, 8, "the list of fragment blocks")
            table = Table(self._extent, "the fragment table", int.from_bytes(place, "little"), self.size_bytes)
            start, size, _ = _FRAGMENT.unpack(Cursor(table, 0, at).read(_FRAGMENT.size))
            self._last_fragment = number, self._extent.block(start, size, self.block_bytes, what)
        return self._last_fragment[1]

    def _children(self, folder: bytes, inode: Inode) -> Iterator[tuple[int, Node]]:
        """The entries of a folder, sorted by the bytes of their paths: the reference, and the path with its inode."""
        for entry in _in_path_order(self._entries(folder, inode)):
            path = folder + entry.key
            found = self._inode(entry.reference, path)
            if (found.kind, found.number) != (entry.kind, entry.number):
                raise self._extent.damaged(
                    f"{_shown(path)} is {entry.kind} {entry.number} in the listing, but its inode is "
                    f"{found.kind} {found.number}"
                )
            if found.kind == FOLDER and found.parent != inode.number:
                raise self._extent.damaged(
                    f"the parent of the folder {_shown(path)} is inode {inode.number}, but its inode has {found.parent}"
                )
            yield entry.reference, Node(path, found)

    def _entries(self, folder: bytes, inode: Inode) -> Iterator[_Entry]:
        """The entries of a folder, sorted by the bytes of their names."""
        left, previous = inode.size_bytes - DIRECTORY_EXTRA, b""
        cursor = Cursor(self._directories, inode.start, inode.offset)
        while left > 0:
            count, block, first = _RUN.unpack(cursor.read(_RUN.size))
            left -= _RUN.size
            if count >= MAX_RUN:
                raise self._extent.damaged(f"a run of {count + 1} names in {_shown(folder)}, more than {MAX_RUN}")
            for _ in range(count + 1):
                at, distance, kind, length = _ENTRY.unpack(cursor.read(_ENTRY.size))
                name = cursor.read(length + 1)
                left -= _ENTRY.size + len(name)
                self._check_name(folder, previous, name, left)
                previous = name
                known = KINDS.get(kind, f"unknown type {kind}")
                key = name + b"/" if known == FOLDER else name
                yield _Entry(key, known, block << 16 | at, (first + distance) & 0xFFFFFFFF)

    def _check_name(self, folder: bytes, previous: bytes, name: bytes, left: int) -> None:
        where = f"in the listing of the folder {_shown(folder)}"
        if len(name) > MAX_NAME or b"/" in name or b"\0" in name or name in (b".", b".."):
            raise self._extent.damaged(f"{_shown(name)} {where} is not a valid name")
        if name <= previous:
            raise self._extent.damaged(f"{_shown(name)} follows {_shown(previous)} {where}, which is not sorted")
        if left < 0:
            raise self._extent.damaged(f"{_shown(name)} {where} is beyond the listing's end")

    def _inode(self, reference: int, path: bytes) -> Inode:
        cursor = Cursor(self._inodes, reference >> 16, reference & 0xFFFF)
        kind, mode, number = _INODE.unpack(cursor.read(_INODE.size))
        size = start = offset = parent = 0
        fragment, target = NO_FRAGMENT, b""
        if kind == 1:
            start, size, offset, parent = _BASIC_FOLDER.unpack(cursor.read(_BASIC_FOLDER.size))
        elif kind == 2:
            start, fragment, offset, size = _BASIC_FILE.unpack(cursor.read(_BASIC_FILE.size))
        elif kind == 8:
            size, start, parent, offset = _EXTENDED_FOLDER.unpack(cursor.read(_EXTENDED_FOLDER.size))
        elif kind == 9:
            start, size, fragment, offset = _EXTENDED_FILE.unpack(cursor.read(_EXTENDED_FILE.size))
        elif kind in (3, 10):
            (size,) = _LINK.unpack(cursor.read(_LINK.size))
            if not 0 < size <= MAX_TARGET:
                raise self._extent.damaged(f"the target of {_shown(path)} has {size} bytes, not 1 to {MAX_TARGET}")
            target = cursor.read(size)
        else:
            what = f"{_shown(path)} has an inode of type {kind}, expected a file, symlink or folder"
            raise self._extent.damaged(what)
        return Inode(KINDS[kind], mode, number, size, start, offset, parent, fragment, target, cursor)


def _in_path_order(entries: Iterator[_Entry]) -> Iterator[_Entry]:
    """Sorts entries, which are sorted by name, by key.

    Folders are held back because names such as `a-b` and `a.txt` sort before the entries of `a/`.
    """
    waiting: list[_Entry] = []
    for entry in entries:
        while waiting and waiting[0].key < entry.key.removesuffix(b"/"):
            yield heappop(waiting)
        heappush(waiting, entry)
    while waiting:
        yield heappop(waiting)


def _shown(path: bytes) -> str:
    return repr(os.fsdecode(path))
