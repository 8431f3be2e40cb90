"""Tar-split: a tar without its contents, with which podman restores the tar of a layer whose files it pulled.

Source: vbatts/tar-split, tar/storage/entry.go, tar/asm/disassemble.go.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

FILE, SEGMENT = 1, 2
# Entries are compressed in frames of about this size.
_FRAME_BYTES = 1 << 20


class TarSplit:
    """The entries so far: for each member its headers, and then its name, size and CRC-64. plain_bytes: their size."""

    def __init__(self, compress: Callable[[bytes], bytes]) -> None:
        """compress: returns a frame."""
        self._compress = compress
        self._held, self._frames = bytearray(), list[bytes]()
        self._count = self.plain_bytes = 0

    def add_segment(self, content: bytes) -> None:
        """Adds bytes of the tar that belong to no content."""
        self._add({"type": SEGMENT, "payload": base64.b64encode(content).decode()})

    def add_file(self, name: str, size_bytes: int, crc64: bytes) -> None:
        """Adds the member of the headers before. crc64: of its content; none for an empty one."""
        size = {"size": size_bytes} if size_bytes else {}
        payload = base64.b64encode(crc64).decode() if crc64 else None
        self._add({"type": FILE, "name": name, **size, "payload": payload})

    def content(self) -> bytes:
        """All entries, compressed."""
        self._flush()
        return b"".join(self._frames)

    def _add(self, entry: dict[str, Any]) -> None:
        line = json.dumps({**entry, "position": self._count}, separators=(",", ":")).encode() + b"\n"
        self._held += line
        self._count, self.plain_bytes = self._count + 1, self.plain_bytes + len(line)
        if len(self._held) >= _FRAME_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._frames.append(self._compress(bytes(self._held)))
            self._held.clear()
