"""Functions that write layers, and read and write SquashFS images, with programs other than ours."""

import io
import os
import stat
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from datacontainer.verify import kinds
from datacontainer.verify.squashfs import opened
from tools.engines import lacking, require_root, require_tool
from tools.images import Entry, tree_of

FILE, LINK, FOLDER = stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR
TYPES = {FILE: tarfile.REGTYPE, LINK: tarfile.SYMTYPE, FOLDER: tarfile.DIRTYPE}

# Options of mksquashfs to compress nothing.
PLAIN = ("-noI", "-noD", "-noF")

Tree = dict[bytes, Entry]


def layer_of(entries: Mapping[bytes, Entry]) -> bytes:
    """An uncompressed layer with the entries, without entries for their parent folders."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:
        for path, entry in entries.items():
            member = tarfile.TarInfo(os.fsdecode(path))
            member.type, member.mode = TYPES[stat.S_IFMT(entry.mode)], stat.S_IMODE(entry.mode)
            if member.isreg():
                member.size = len(entry.content)
            member.linkname = os.fsdecode(entry.content) if member.issym() else ""
            tar.addfile(member, io.BytesIO(entry.content))
    return buffer.getvalue()


def partitions(sif: Path) -> list[tuple[int, int, int]]:
    """Offset, size and type of each partition of a SIF.

    Source: github.com/sylabs/sif, pkg/sif/sif.go: 48 descriptors of 585 bytes from byte 4096 on.
    """
    head = sif.read_bytes()[4096 : 4096 + 48 * 585]
    rows = [head[start : start + 585] for start in range(0, len(head), 585)]
    rows = [row for row in rows if row[:4] == b"\x04\x40\0\0"]
    return [(int.from_bytes(row[17:25], "little"), int.from_bytes(row[25:33], "little"), row[205]) for row in rows]


def extracted(image: Path, offset: int) -> Tree:
    """The entries that unsquashfs extracts from an image."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "root")
        command = [require_tool("unsquashfs"), "-quiet", "-no-progress", "-o", str(offset), "-d", root, image]
        subprocess.run(command, check=True, capture_output=True)
        return tree_of(root)


def mounted_by_kernel(image: Path, offset: int) -> Tree:
    """The entries of an image that the kernel mounts."""
    require_root("a loop mount")
    return _mounted((require_tool("mount"), "-t", "squashfs", "-o", "loop,ro,offset={}"), ("umount",), image, offset)


def mounted_by_squashfuse(image: Path, offset: int) -> Tree:
    """The entries of an image that squashfuse mounts."""
    umount = require_tool("fusermount3"), "-u"
    return _mounted((require_tool("squashfuse"), "-o", "offset={}"), umount, image, offset)


def _mounted(mount: Sequence[str], umount: Sequence[str], image: Path, offset: int) -> Tree:
    """The entries of a mounted image. Skips the test only if an image of mksquashfs cannot be mounted either."""
    with tempfile.TemporaryDirectory() as folder:
        point, reference = Path(folder, "mounted"), Path(folder, "reference")
        point.mkdir()
        subprocess.run([require_tool("mksquashfs"), point, reference, "-quiet", "-no-progress"], check=True)
        done = subprocess.run([*(word.format(0) for word in mount), reference, point], check=False, capture_output=True)
        if done.returncode != 0:
            lacking(f"{mount[0]} cannot mount here: {done.stderr.decode().strip()}")
        subprocess.run([*umount, point], check=True)
        subprocess.run([*(word.format(offset) for word in mount), image, point], check=True)
        try:
            return tree_of(point)
        finally:
            subprocess.run([*umount, point], check=True)


def packed(folder: Path, *options: str) -> Path:
    """An image that mksquashfs writes from a folder."""
    image = folder.with_name("image")
    command = [require_tool("mksquashfs"), folder, image, "-noappend", "-no-progress", "-all-root", *options]
    subprocess.run(command, check=True, capture_output=True)
    return image


def read(image: Path) -> None:
    """Reads a whole image with the reader of verify."""
    with opened(image) as squashfs:
        for node in squashfs.nodes():
            if node.inode.kind == "file":
                for _ in squashfs.content(node):
                    pass


def changed(image: Path, place: int, content: bytes) -> None:
    """Overwrites bytes of an image, starting at a position."""
    with open(image, "r+b") as file:
        file.seek(place)
        file.write(content)


def read_by_verify(image: Path, offset: int) -> Tree:
    """The entries that the reader of verify returns, and the root under the empty path."""
    types = {kinds.FILE: FILE, kinds.LINK: LINK, kinds.FOLDER: FOLDER}
    with opened(image, offset) as squashfs:
        found = {b"": Entry(FOLDER | squashfs.root().mode, b"")}
        for node in squashfs.nodes():
            inode = node.inode
            content = b"".join(squashfs.content(node)) if inode.kind == kinds.FILE else inode.target
            found[node.path.rstrip(b"/")] = Entry(types[inode.kind] | inode.mode, content)
    return found


# The functions that read all entries of an image.
READERS = [extracted, read_by_verify, mounted_by_kernel, mounted_by_squashfuse]
