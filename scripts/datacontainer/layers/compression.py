"""Compression of layers in one pass over the tar: the packer compresses with gzip, this module with zstd."""

import hashlib
import json
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from datacontainer.runtime.outputs import written
from datacontainer.runtime.packer import run_packer

NONE, GZIP, ZSTD = "none", "gzip", "zstd"
# The measurements are in docs/decisions/0010-compression.md.
ZSTD_LEVEL = 3
# Frames are compressed independently, several at once. Concatenated frames are an ordinary zstd file.
FRAME_BYTES = 4 << 20


class Stored(NamedTuple):
    """A blob: its digest, sha256:<hex>, and its size."""

    digest: str
    size_bytes: int


NOTHING = Stored("", 0)


@dataclass
class Pipe:
    """A pipe into a blob. descriptor: the end for writing. stored: the blob, set when the pipe is closed."""

    descriptor: int
    stored: Stored = NOTHING


def compress_file(compression: str, packer: Path, tar: Path, blob: Path) -> Stored:
    """Writes the compressed tar to `blob`; the packer is needed for gzip."""
    if compression == GZIP:
        facts = json.loads(run_packer(packer, ["compress", "--output", blob, tar], {"GOMAXPROCS": "2"}))
        return Stored(facts["digest"], facts["blob_size"])
    with open(tar, "rb") as source, written(blob) as target:
        return compress_zstd(source, target)


@contextmanager
def pipe_into(blob: Path, threads: int) -> Iterator[Pipe]:
    """A pipe that compresses its input with zstd; the result is `blob` if the block ends without an error."""
    with written(blob) as target, ThreadPoolExecutor(1) as reader:
        read_end, write_end = os.pipe()
        done = reader.submit(_drain, read_end, target, threads)
        pipe = Pipe(write_end)
        try:
            yield pipe
        finally:
            os.close(write_end)
            # An error of the reader replaces the writer's error, which is only a broken pipe.
            pipe.stored = done.result()


def compress_zstd(source: BinaryIO, target: BinaryIO, threads: int = 2) -> Stored:
    """Appends the compressed bytes of `source` to `target`; they depend only on `source` and the version of zstd.

    Memory: some frames for each thread.
    """
    digest, size_bytes = hashlib.sha256(), 0
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for frame in _frames(source):
            waiting.append(pool.submit(_compressed, frame))
            if len(waiting) > threads:
                size_bytes += _put(waiting.popleft().result(), target, digest)
        for result in waiting:
            size_bytes += _put(result.result(), target, digest)
    return Stored("sha256:" + digest.hexdigest(), size_bytes)


def _drain(read_end: int, target: BinaryIO, threads: int) -> Stored:
    with open(read_end, "rb", buffering=0) as source:
        return compress_zstd(source, target, threads)


def _frames(source: BinaryIO) -> Iterator[bytes]:
    """The content in pieces of FRAME_BYTES, even if a pipe returns smaller pieces."""
    while True:
        pieces, missing = [], FRAME_BYTES
        while missing and (piece := source.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        if not pieces:
            return
        yield b"".join(pieces)


def _compressed(frame: bytes) -> bytes:
    import pyarrow as pa

    compressed: bytes = pa.Codec("zstd", compression_level=ZSTD_LEVEL).compress(frame, asbytes=True)
    return compressed


def _put(content: bytes, target: BinaryIO, digest: "hashlib._Hash") -> int:
    digest.update(content)
    return target.write(content)
