"""Files that appear under their final name only when they are whole and on the disk."""

import glob
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

COPY_BYTES = 1 << 20


def partial_name(path: Path) -> Path:
    """A new name beside `path` under which it is written before it is whole; removes what is left under earlier ones.

    The names differ, so that a process that outlived its run cannot give the file of the next one its final name.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        left.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")


@contextmanager
def completed(path: Path) -> Iterator[Path]:
    """A name to write to that becomes `path` when the block ends well and is removed when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_name(path)
    try:
        yield partial
        _sync(partial)
        os.replace(partial, path)
    except BaseException as error:
        with suppress(FileNotFoundError):
            partial.unlink()
        if isinstance(error, OSError) and error.filename is None:
            # A write that fails does not say itself where.
            error.filename = str(path)
        raise


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A binary file that becomes `path` when the block ends well."""
    with completed(path) as partial, open(partial, "wb") as file:
        yield file
        file.flush()


def write_bytes(path: Path, content: bytes) -> None:
    """Writes `path` as a whole or not at all."""
    with written(path) as file:
        file.write(content)


def fresh_directory(path: Path) -> Path:
    """`path` as an empty folder, whatever was there before."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def link_or_copy(source: Path, target: Path) -> None:
    """Makes `target` the same bytes as `source`: a hard link where the file system allows one."""
    partial = partial_name(target)
    try:
        try:
            os.link(source, partial)
        except OSError:
            shutil.copyfile(source, partial)
        os.replace(partial, target)
    finally:
        # A rename between two names of the same inode does nothing and leaves both.
        partial.unlink(missing_ok=True)


def copy_into(source: Path, target: BinaryIO) -> None:
    """Appends the bytes of `source` to `target`, inside the kernel where it can."""
    target.flush()
    with open(source, "rb") as file:
        remaining = os.fstat(file.fileno()).st_size
        while remaining:
            sent = os.sendfile(target.fileno(), file.fileno(), None, min(remaining, COPY_BYTES << 6))
            if sent == 0:
                raise OSError(f"{source} ended {remaining} bytes early while it was copied")
            remaining -= sent
    target.seek(0, os.SEEK_END)


def copy_hashed(source: Path, target: BinaryIO) -> str:
    """Appends the bytes of `source` to `target`; the sha256 of what was read, computed beside the writing, in hex."""
    digest = hashlib.sha256()
    target.flush()
    with open(source, "rb", buffering=0) as file, ThreadPoolExecutor(1) as beside:
        while block := file.read(COPY_BYTES):
            hashed = beside.submit(digest.update, block)
            target.write(block)
            hashed.result()
    return digest.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
