"""Stream: the files of a dataset in storage through a pipe to the packer."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from datacontainer.runtime.errors import DataContainerError
from datacontainer.storage.place import Object
from datacontainer.storage.provider import Source

MODE = 0o644


@contextmanager
def feeding(chunks: Iterable[bytes]) -> Iterator[int]:
    """The descriptor of a pipe for a program, into which another thread writes the chunks.

    The program is not done before the block ends. If the chunks raise an error, the program sees the end of the pipe,
    and the block raises that error, also instead of the program's own.
    """
    read, write = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        feed = pool.submit(_write, chunks, write)
        try:
            yield read
        except DataContainerError:
            os.close(read)
            feed.result()
            raise
        except BaseException:
            os.close(read)
            raise
        os.close(read)
        feed.result()


def _write(chunks: Iterable[bytes], descriptor: int) -> None:
    # The program reports why it ended early.
    with open(descriptor, "wb", buffering=0) as pipe, suppress(BrokenPipeError):
        for chunk in chunks:
            left = memoryview(chunk)
            while left:
                left = left[pipe.write(left) :]


def listing(source: Source) -> Iterator[bytes]:
    """The listing of a dataset in the form that the packer reads."""
    for one in source.objects():
        yield b"%d %d %d\0%b\0" % (one.size, one.mtime_ns, one.identity, one.path)


def contents(source: Source, objects: Iterable[Object], stage: Path | None) -> Iterator[bytes]:
    """The contents of files, one after the other. stage: a folder into which they are also written, for functions."""
    if stage is None:
        yield from (chunk for _, chunk in source.contents(objects))
        return
    for one, chunk in source.contents(objects):
        place = os.path.join(os.fsencode(stage), one.path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "ab") as file:
            file.write(chunk)
        os.utime(place, ns=(one.mtime_ns, one.mtime_ns))
        yield chunk
