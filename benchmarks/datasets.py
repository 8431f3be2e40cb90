"""Synthetic datasets for benchmarks: many small files, a few large files, empty files, or sparse files."""

import os
import random
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

FILES_PER_FOLDER = 250
POOL_BYTES = 1 << 24


def small(files: int, size_bytes: int, folder: Path) -> Path:
    """A dataset of incompressible files of about one size, with paths of 61 bytes as in a neuroimaging study.

    A folder that exists is complete, so that an interrupted call goes on where it ended. Size 0 makes empty files.
    """
    done = folder.with_name(f"{folder.name}.done")
    if not done.exists():
        with ProcessPoolExecutor(os.cpu_count()) as workers:
            numbers = range((files - 1) // FILES_PER_FOLDER + 1)
            for _ in workers.map(_fill, numbers, repeat(files), repeat(size_bytes), repeat(folder), chunksize=64):
                pass
        folder.with_name(f"{folder.name}.partial").rmdir()
        done.touch()
    return folder


def _fill(number: int, files: int, size_bytes: int, folder: Path) -> None:
    subject, session = f"sub-{number // 10:04d}", f"ses-{number % 10:02d}"
    final = folder / subject / session / "func"
    if final.exists():
        return
    partial = folder.with_name(f"{folder.name}.partial") / f"{number}"
    partial.mkdir(parents=True, exist_ok=True)
    pool = random.Random(number).randbytes(2 * size_bytes)
    for run in range(number * FILES_PER_FOLDER, min((number + 1) * FILES_PER_FOLDER, files)):
        name = f"{partial}/{subject}_{session}_run-{run:08d}_bold.nii.gz"
        # mknod makes an empty file with one system call.
        os.mknod(name) if size_bytes == 0 else _write(name, run, size_bytes, pool)
    final.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(final)


def _write(name: str, run: int, size_bytes: int, pool: bytes) -> None:
    with open(name, "wb", buffering=0) as file:
        file.write(b"%08d" % run + pool[run % size_bytes :][: size_bytes - 8 - run % 16])


def large(files: int, size_bytes: int, folder: Path) -> Path:
    """A dataset of a few large files of incompressible bytes."""
    done = folder.with_name(f"{folder.name}.done")
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(files):
            numbers = random.Random(number)
            with open(folder / f"volume-{number}.raw", "wb") as file:
                file.writelines(numbers.randbytes(POOL_BYTES) for _ in range(size_bytes // POOL_BYTES))
        done.touch()
    return folder


def sparse(files: int, size_bytes: int, folder: Path) -> Path:
    """A dataset of files that take no space on the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(files):
        with open(folder / f"volume-{number:05d}.raw", "wb") as file:
            file.truncate(size_bytes)
    return folder
