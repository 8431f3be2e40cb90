"""The archive of an image layout: one tar, for `docker load` and as an OCI archive."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO

from datacontainer.image.damage import checking
from datacontainer.image.layout import METADATA_FILES, blobs_of
from datacontainer.image.tar import PAGE, Tar
from datacontainer.layers.compression import NONE, ZSTD
from datacontainer.runtime.logs import finished, warn
from datacontainer.runtime.outputs import completed, start_writing
from datacontainer.runtime.progress import Progress


def assemble_archive(layout: Path, archive: Path, compression: str = NONE) -> None:
    """Writes the layout as one tar, which is an OCI archive and can be loaded with `docker load`.

    compression: of the layers; logs a warning for zstd, which old versions of Docker cannot read.

    Raises:
        DataError: if the content of a blob does not match its digest; see `checking` for the blobs that are read.
    """
    if compression == ZSTD:
        warn(f"{archive.name}: its layers are compressed with zstd, which Docker before version 23 cannot load")
    blobs = blobs_of(layout)
    with completed(archive) as partial, open(partial, "wb") as file, checking(blobs):
        write_archive(layout, file, lambda size_bytes: start_writing(file, size_bytes))
        file.flush()
        os.fsync(file.fileno())
    finished(len(METADATA_FILES) + len(blobs), archive.stat().st_size)


def write_archive(layout: Path, file: IO[bytes], copied: Callable[[int], None] = lambda _: None) -> None:
    """Writes the layout as one tar to a file or a pipe. copied: called with the number of bytes of each copied piece.

    Each folder is a member before its files, because Apptainer does not create parent folders itself.
    """
    blobs = blobs_of(layout)
    progress = Progress("the archive", sum(blob.stat().st_size for blob in blobs))

    def count(size_bytes: int) -> None:
        progress.add(size_bytes)
        copied(size_bytes)

    tar = Tar(file, PAGE, count)
    for name in METADATA_FILES:
        tar.add_file(layout / name, name, 0o644)
    tar.add_folder("blobs")
    tar.add_folder("blobs/sha256")
    for blob in blobs:
        tar.add_file(blob, f"blobs/sha256/{blob.name}", 0o644)
    tar.end()
