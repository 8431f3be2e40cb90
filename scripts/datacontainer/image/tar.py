"""The tars that Python writes: the archive of a layout, and the layer of one file."""

import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from datacontainer.runtime.outputs import copy_into

BLOCK = tarfile.BLOCKSIZE
# File systems share blocks of this size between files.
PAGE = 4096


@dataclass
class Tar:
    """A tar in a file or a pipe, whose members have owner root and time 0.

    alignment: the content of each file begins at a multiple of it; a comment in the header, which readers skip, fills
    the space before. copied: called with the number of bytes of each copied piece. size_bytes: of the tar so far.
    """

    file: IO[bytes]
    alignment: int = BLOCK
    copied: Callable[[int], None] = lambda _: None
    size_bytes: int = 0

    def add_folder(self, name: str) -> None:
        """Appends a folder."""
        self._write(_member(name, tarfile.DIRTYPE, 0o755).tobuf(tarfile.PAX_FORMAT))

    def add_file(self, path: Path, name: str, mode: int) -> None:
        """Appends a file."""
        member = _member(name, tarfile.REGTYPE, mode)
        member.size = path.stat().st_size
        self._write(self._header(member))
        copy_into(path, self.file, self.copied)
        self.size_bytes += member.size
        self._write(bytes(-self.size_bytes % BLOCK))

    def end(self) -> None:
        """Appends the two blocks that end a tar."""
        self._write(bytes(2 * BLOCK))

    def _header(self, member: tarfile.TarInfo) -> bytes:
        """The header blocks of a file, with a comment that is as long as the alignment needs."""
        header = member.tobuf(tarfile.PAX_FORMAT)
        length = 0
        while (self.size_bytes + len(header)) % self.alignment:
            length += BLOCK
            member.pax_headers = {"comment": " " * (length - len(f"{length} comment=\n"))}
            header = member.tobuf(tarfile.PAX_FORMAT)
        return header

    def _write(self, content: bytes) -> None:
        self.file.write(content)
        self.size_bytes += len(content)


def _member(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode = kind, mode
    return member
