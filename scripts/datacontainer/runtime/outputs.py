"""Output files: written under a temporary name, and renamed only when complete and synced to the disk."""

import errno
import glob
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, BinaryIO

from datacontainer.runtime.errors import UsageError

COPY_BYTES, PIECE_BYTES = 1 << 20, 64 << 20
# The errors of calls that copy inside of the kernel, for old kernels, sandboxes, pipes and some file systems.
UNSUPPORTED = {errno.ENOSYS, errno.EPERM, errno.EINVAL, errno.EXDEV, errno.EOPNOTSUPP}


def partial_name(path: Path) -> Path:
    """Returns a new temporary name for `path`, in the same folder; deletes all with earlier temporary names.

    The names are random, so that a process that outlives its run cannot rename the unfinished file of the next run.
    """
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.partial"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")


def final_name(partial: Path) -> Path:
    """Returns the path for which `partial_name` returned `partial`; other paths unchanged."""
    name = partial.name
    if not (name.startswith(".") and name.endswith(".partial") and name.count(".") > 2):
        return partial
    return partial.with_name(name[1:].rsplit(".", 2)[0])


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Names `path` in an OSError without a file name, such as that of a failed read, write or close."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def completed(path: Path) -> Iterator[Path]:
    """A temporary name to write to: renamed to `path` when the block ends, or deleted if the block raises."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_name(path)
    try:
        with naming(path):
            yield partial
            _sync(partial)
            os.replace(partial, path)
    except BaseException:
        with suppress(FileNotFoundError):
            partial.unlink()
        raise


@contextmanager
def completed_folder(path: Path) -> Iterator[Path]:
    """An empty folder to fill: replaces the folder `path` when the block ends, or is deleted if the block raises."""
    partial = partial_name(path)
    partial.mkdir(parents=True)
    try:
        yield partial
        shutil.rmtree(path, ignore_errors=True)
        os.replace(partial, path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
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


def open_program(path: Path) -> BinaryIO:
    """Opens a new file to write to, which all users may run as far as the umask allows it."""
    return open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o777))


@cache
def check_writable(folder: Path, name: str = "outdir", key: str = "outdir") -> None:
    """Returns if files can be written to a folder, which need not exist yet. name: of the folder. key: that sets it.

    Raises:
        UsageError: with the folder, or the nearest folder above it that exists.
    """
    existing = folder
    try:
        existing = next(one for one in (folder, *folder.parents) if one.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise UsageError(
            f"{name}: {str(existing)!r} cannot be written ({error.strerror}): set {key} to a folder that you can write"
        ) from error


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


def copy_into(source: Path, target: IO[bytes], copied: Callable[[int], None] = lambda _: None) -> None:
    """Appends the bytes of `source` to a file or a pipe; the kernel copies them, or shares blocks of aligned files.

    copied: called with the number of bytes after each piece.
    """
    target.flush()
    with open(source, "rb", buffering=0) as file:
        remaining = os.fstat(file.fileno()).st_size
        while remaining:
            count = _copy_piece(file.fileno(), target.fileno(), min(remaining, PIECE_BYTES))
            if count == 0:
                raise OSError(f"{str(source)!r} became shorter while it was copied: {remaining} bytes are missing")
            remaining -= count
            copied(count)
    if target.seekable():
        target.seek(0, os.SEEK_END)


def _copy_piece(source: int, target: int, count: int) -> int:
    """Copies at most `count` bytes between two descriptors, with the best call for them; returns their number."""
    for copy in (os.copy_file_range, lambda one, other, most: os.sendfile(other, one, None, most)):
        try:
            return copy(source, target, count)
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise
    block = memoryview(os.read(source, min(count, COPY_BYTES)))
    rest = block
    while rest:
        rest = rest[os.write(target, rest) :]
    return len(block)


def start_writing(file: BinaryIO, size_bytes: int) -> None:
    """Makes the kernel write the last bytes of a file to the disk from now on, so that a sync takes less time."""
    # The advice writes the changed bytes before it can drop them from the page cache.
    end = os.lseek(file.fileno(), 0, os.SEEK_CUR)
    os.posix_fadvise(file.fileno(), end - size_bytes, size_bytes, os.POSIX_FADV_DONTNEED)


def sync_folder(folder: Path) -> None:
    """Waits until the names in a folder are on the disk, so that a crash undoes no rename; some file systems cannot."""
    try:
        _sync(folder)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise OSError(error.errno, error.strerror, str(folder)) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
