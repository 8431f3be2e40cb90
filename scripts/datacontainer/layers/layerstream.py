"""The files of several stored layers as one tar, in a stream."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from datacontainer.layers.compression import GZIP, ZSTD
from datacontainer.layers.gnulinks import with_gnu_targets
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.progress import Progress

READ_BYTES = 1 << 20
# Two blocks of zeros.
END = bytes(1024)
# In the header and behind the content, gzip's own form and not that of zlib alone.
_GZIP_FORM = zlib.MAX_WBITS | 16


def one_tar(layers: Sequence[Path], compression: str, last: bytes) -> Iterator[bytes]:
    """The layers' members, then those of the tar `last`, and the end of a tar, in pieces.

    A path that is in several of them is in the result as often. Targets of links are such that mksquashfs keeps them.

    Raises:
        DataError: when a layer is damaged.
    """
    progress = Progress("the layers", sum(layer.stat().st_size for layer in layers))
    for layer in layers:
        try:
            yield from with_gnu_targets(_without_end(_pieces(layer, compression, progress)))
        except (ValueError, OSError, zlib.error) as error:
            text = f"reading layer {str(layer)!r}: {error}; delete it and run snakemake again"
            raise DataError(text) from error
    yield from _without_end(iter([last]))
    yield END


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
    """What the only member of a gzip file decompresses to, in pieces of READ_BYTES at most."""
    inflate = zlib.decompressobj(_GZIP_FORM)
    for piece in pieces:
        if inflate.eof:
            raise ValueError("there are bytes behind its end")
        content = inflate.decompress(piece, READ_BYTES)
        while content:
            yield content
            content = inflate.decompress(inflate.unconsumed_tail, READ_BYTES)
    if not inflate.eof or inflate.unused_data:
        raise ValueError("it is not one whole member of gzip's form")


def _without_end(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of a tar but for the zeros at its end."""
    held = b""
    for piece in pieces:
        held += piece
        yield held[: -len(END)]
        held = held[-len(END) :]
    if held != END:
        raise ValueError("it does not end as a tar does")
