"""Several stored layers as one tar, in a stream."""

import io
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from datacontainer.layers.compression import GZIP, ZSTD
from datacontainer.layers.gnulinks import with_gnu_targets
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.progress import Progress

READ_BYTES = 1 << 20
# Two blocks of zeros.
END = bytes(1024)
# zlib's flag for a stream with gzip's header and trailer.
_GZIP_FORMAT = zlib.MAX_WBITS | 16


def one_tar(layers: Sequence[Path], compression: str, last: bytes) -> Iterator[bytes]:
    """One tar, in pieces: the members of all layers, then the members of the tar `last`, then the end of a tar.

    A path that occurs in several layers occurs several times in the tar. mksquashfs keeps the targets of links.

    Raises:
        DataError: if a layer is damaged.
    """
    yield from _members(layers, compression, with_gnu_targets)
    yield from _without_end(iter([last]))
    yield END


def folder_tar(layers: Sequence[Path], compression: str, folder: str) -> Iterator[bytes]:
    """One tar in GNU's format, in pieces: the members of all layers below a folder, without the folder's own path.

    Raises:
        DataError: if a layer is damaged.
    """
    yield from _members(layers, compression, lambda pieces: _below(f"{folder}/", pieces))
    yield END


def _members(
    layers: Sequence[Path], compression: str, changed: Callable[[Iterator[bytes]], Iterator[bytes]]
) -> Iterator[bytes]:
    progress = Progress("the layers", sum(layer.stat().st_size for layer in layers))
    for layer in layers:
        try:
            yield from changed(_without_end(_pieces(layer, compression, progress)))
        except (ValueError, OSError, zlib.error, tarfile.TarError) as error:
            text = f"reading layer {str(layer)!r}: {error}; delete it and run snakemake again"
            raise DataError(text) from error


def _below(prefix: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    with tarfile.open(fileobj=io.BufferedReader(_Joined(pieces), READ_BYTES), mode="r|") as tar:
        while (member := tar.next()) is not None:
            # tarfile keeps all members, also of a stream.
            tar.members.clear()  # type: ignore[attr-defined]
            if not member.name.startswith(prefix):
                continue
            member.name = member.name.removeprefix(prefix)
            yield member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
            if content := tar.extractfile(member) if member.isreg() else None:
                while piece := content.read(READ_BYTES):
                    yield piece
                yield bytes(-member.size % tarfile.BLOCKSIZE)


class _Joined(io.RawIOBase):
    """Pieces as a file to read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


def _pieces(layer: Path, compression: str, progress: Progress) -> Iterator[bytes]:
    """The bytes of a layer's tar."""
    if compression == ZSTD:
        import pyarrow as pa

        with pa.OSFile(str(layer)) as file, pa.CompressedInputStream(file, "zstd") as stream:
            while content := stream.read(READ_BYTES):
                yield content
        progress.add(layer.stat().st_size)
        return
    with open(layer, "rb", buffering=0) as stored:
        pieces = _counted(stored, progress)
        yield from _inflated(pieces) if compression == GZIP else pieces


def _counted(stored: BinaryIO, progress: Progress) -> Iterator[bytes]:
    while content := stored.read(READ_BYTES):
        progress.add(len(content))
        yield content


def _inflated(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The decompressed content of a gzip file with one member, in pieces of at most READ_BYTES."""
    inflate = zlib.decompressobj(_GZIP_FORMAT)
    for piece in pieces:
        if inflate.eof:
            raise ValueError("extra bytes follow the compressed stream")
        content = inflate.decompress(piece, READ_BYTES)
        while content:
            yield content
            content = inflate.decompress(inflate.unconsumed_tail, READ_BYTES)
    if not inflate.eof or inflate.unused_data:
        raise ValueError("the compressed stream is truncated, or extra bytes follow it")


def _without_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of a tar without the zeros at its end."""
    held = b""
    for piece in pieces:
        held += piece
        yield held[: -len(END)]
        held = held[-len(END) :]
    if held != END:
        raise ValueError("the end of the tar is missing")
