"""Output files: written under a temporary name, and renamed only when complete and synced to the disk."""

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
    """Returns a new temporary name for `path`, in the same folder; deletes files with earlier temporary names.

    The names are random, so that a process that outlives its run cannot rename the unfinished file of the next run.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        left.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")


@contextmanager
def completed(path: Path) -> Iterator[Path]:
    """A temporary name to write to: renamed to `path` when the block ends, or deleted if the block raises."""
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
            # The error of a failed write has no file name.
            error.filename = str(path)
        raise


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A binary file to write to: renamed to `path` when the block ends, or deleted if the block raises."""
    with completed(path) as partial, open(partial, "wb") as file:
        yield file
        file.flush()


def write_bytes(path: Path, content: bytes) -> None:
    """Writes the complete file `path`; if writing fails, `path` is unchanged."""
    with written(path) as file:
        file.write(content)


def fresh_directory(path: Path) -> Path:
    """Creates `path` as an empty folder, after deleting an earlier folder, and returns it."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def link_or_copy(source: Path, target: Path) -> None:
    """Makes `target` a hard link to `source`, or a copy if the file system has no hard links."""
    partial = partial_name(target)
    try:
        try:
            os.link(source, partial)
        except OSError:
            shutil.copyfile(source, partial)
            _sync(partial)
        os.replace(partial, target)
    finally:
        # os.replace does nothing if both names are hard links to the same inode; the partial name then remains.
        partial.unlink(missing_ok=True)


def copy_into(source: Path, target: BinaryIO) -> None:
    """Appends the bytes of `source` to `target` with sendfile, which copies inside the kernel."""
    target.flush()
    with open(source, "rb") as file:
        remaining = os.fstat(file.fileno()).st_size
        while remaining:
            sent = os.sendfile(target.fileno(), file.fileno(), None, min(remaining, COPY_BYTES << 6))
            if sent == 0:
                raise OSError(f"{str(source)!r} became shorter while it was copied: {remaining} bytes are missing")
            remaining -= sent
    target.seek(0, os.SEEK_END)


def copy_hashed(source: Path, target: BinaryIO) -> str:
    """Appends the bytes of `source` to `target`; returns their sha256 in hex, computed in a second thread."""
    digest = hashlib.sha256()
    target.flush()
    with open(source, "rb", buffering=0) as file, ThreadPoolExecutor(1) as hasher:
        while block := file.read(COPY_BYTES):
            hashed = hasher.submit(digest.update, block)
            target.write(block)
            hashed.result()
    return digest.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
