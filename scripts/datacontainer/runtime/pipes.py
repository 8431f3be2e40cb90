"""Pipes: a stream of bytes from this process to a program."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from datacontainer.runtime.errors import DataContainerError


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
    with suppress(BrokenPipeError), open(descriptor, "wb") as pipe:
        pipe.writelines(chunks)
