"""Synthetic datasets for benchmarks: many small files, or a few large files, of incompressible bytes."""

import os
import random
import sys
from pathlib import Path

FILES_PER_FOLDER = 250
POOL_BYTES = 1 << 24


def small(files: int, size_bytes: int, folder: Path) -> Path:
    """A dataset of files of one size with different contents; created if it does not exist."""
    if not _done(folder).exists():
        pool = random.Random(1).randbytes(POOL_BYTES)
        for number in range(files):
            if number % FILES_PER_FOLDER == 0:
                inside = folder / f"sub-{number // FILES_PER_FOLDER:05d}"
                inside.mkdir(parents=True, exist_ok=True)
            start = number * 7919 % (POOL_BYTES - size_bytes)
            content = b"%08d" % number + pool[start + 8 : start + size_bytes]
            _write(inside / f"sub-{number:08d}_bold.nii.gz", content)
        _done(folder).touch()
    return folder


def large(files: int, size_bytes: int, folder: Path) -> Path:
    """A dataset of a few large files; created if it does not exist."""
    if not _done(folder).exists():
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(files):
            numbers = random.Random(number)
            with open(folder / f"volume-{number}.raw", "wb") as file:
                file.writelines(numbers.randbytes(POOL_BYTES) for _ in range(size_bytes // POOL_BYTES))
        _done(folder).touch()
    return folder


def _done(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.done")


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
    os.write(descriptor, content)
    os.close(descriptor)


if __name__ == "__main__":
    small(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
