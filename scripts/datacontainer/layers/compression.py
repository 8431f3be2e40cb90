"""Compression of layers in one pass over the tar: the packer compresses with gzip, this module with zstd."""

import hashlib
import json
import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from datacontainer.runtime.outputs import written
from datacontainer.runtime.packer import run_packer

NONE, GZIP, ZSTD = "none", "gzip", "zstd"
# The measurements are in docs/decisions/0010-compression.md.
ZSTD_LEVEL = 3
# A smaller frame is compressed at once: giving it to another thread would take longer.
SMALL_FRAME = 16 << 10
READ_BYTES = 1 << 20


class Stored(NamedTuple):
    """A blob: its digest, sha256:<hex>, its size, and the annotations of its descriptor."""

    digest: str
    size_bytes: int
    annotations: Mapping[str, str] = MappingProxyType({})


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
def pipe_into(blob: Path, threads: int, *, contents: bool) -> Iterator[Pipe]:
    """A pipe that compresses its input, see `compress_zstd`; the result is `blob` if the block ends without error."""
    with written(blob) as target, ThreadPoolExecutor(1) as reader:
        read_end, write_end = os.pipe()
        done = reader.submit(_drain, read_end, target, threads, contents)
        pipe = Pipe(write_end)
        try:
            yield pipe
        finally:
            os.close(write_end)
            # An error of the reader replaces the writer's error, which is only a broken pipe.
            pipe.stored = done.result()


def compress_zstd(source: BinaryIO, target: BinaryIO, threads: int = 2, *, contents: bool = True) -> Stored:
    """Appends the frames of the tar `source` and their tables to the empty `target`.

    The bytes depend only on `source` and the version of zstd. contents: whether the layer gets a table of contents, for
    which each content is compressed apart; it needs names in UTF-8. Memory: some frames for each thread, and tables of
    8 bytes for a frame and 1 KB for an entry of the table of contents.
    """
    # Only zstd layers need these imports, which cost time.
    from datacontainer.layers.chunked import tables
    from datacontainer.layers.frames import FRAME_BYTES, TarFrames
    from datacontainer.layers.tarsplit import TarSplit

    split = TarSplit(_compressed) if contents else None
    tar, blob = TarFrames(source, split), _Blob(target)
    waiting: deque[tuple[int, Future[bytes]]] = deque()
    waiting_bytes = 0
    with ThreadPoolExecutor(threads) as pool:
        for frame in tar:
            waiting.append((len(frame), _begun(frame, pool)))
            waiting_bytes += len(frame)
            while waiting_bytes > threads * FRAME_BYTES:
                waiting_bytes -= waiting[0][0]
                blob.add(*waiting.popleft())
        for one in waiting:
            blob.add(*one)
    content, annotations = tables(blob.frames, tar.members, split if tar.is_described else None, _compressed)
    blob.put(content)
    return Stored(f"sha256:{blob.digest.hexdigest()}", blob.size_bytes, annotations)


class _Blob:
    """A blob while it is written. frames: the compressed and the decompressed size of each."""

    def __init__(self, target: BinaryIO) -> None:
        self._target, self.digest, self.size_bytes = target, hashlib.sha256(), 0
        self.frames: list[tuple[int, int]] = []

    def add(self, size_bytes: int, frame: Future[bytes]) -> None:
        """Appends a frame. size_bytes: decompressed."""
        content = frame.result()
        self.frames.append((len(content), size_bytes))
        self.put(content)

    def put(self, content: bytes) -> None:
        """Appends bytes."""
        self.digest.update(content)
        self.size_bytes += self._target.write(content)


def _drain(read_end: int, target: BinaryIO, threads: int, contents: bool) -> Stored:
    with open(read_end, "rb", buffering=READ_BYTES) as source:
        return compress_zstd(source, target, threads, contents=contents)


def _begun(frame: bytes, pool: ThreadPoolExecutor) -> Future[bytes]:
    if len(frame) >= SMALL_FRAME:
        return pool.submit(_compressed, frame)
    done: Future[bytes] = Future()
    done.set_result(_compressed(frame))
    return done


def _compressed(frame: bytes) -> bytes:
    import pyarrow as pa

    compressed: bytes = pa.Codec("zstd", compression_level=ZSTD_LEVEL).compress(frame, asbytes=True)
    return compressed
