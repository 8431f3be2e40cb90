"""The archive of an image layout: one tar, for `docker load` and as an OCI archive."""

import tarfile
from pathlib import Path
from typing import BinaryIO

from datacontainer.image import oci
from datacontainer.image.damage import discard
from datacontainer.image.layout import METADATA_FILES, append_file, append_header
from datacontainer.layers.compression import NONE, ZSTD
from datacontainer.runtime.logs import finished, warn
from datacontainer.runtime.outputs import completed, copy_hashed
from datacontainer.runtime.progress import growing


def assemble_archive(layout: Path, archive: Path, compression: str = NONE) -> None:
    """Writes the layout as one tar, which is an OCI archive and can be loaded with `docker load`.

    compression: of the layers; logs a warning for zstd, which old versions of Docker cannot read.
    Each folder is a member before its files, because Apptainer does not create parent folders itself.

    Raises:
        DataError: if the content of a blob does not match its digest.
    """
    if compression == ZSTD:
        warn(f"{archive.name}: its layers are compressed with zstd, which Docker before version 23 cannot load")
    blobs = sorted(path.name for path in (layout / "blobs" / "sha256").iterdir())
    members = [*METADATA_FILES, "blobs", "blobs/sha256"]
    total_bytes = sum((layout / "blobs" / "sha256" / blob).stat().st_size for blob in blobs)
    with completed(archive) as partial, open(partial, "wb") as file, growing("the archive", partial, total_bytes):
        for name in members:
            _append(file, layout / name, name)
        for blob in blobs:
            _append_blob(file, layout / oci.blob_path(f"sha256:{blob}"))
        file.write(bytes(2 * tarfile.BLOCKSIZE))
    finished(len(members) + len(blobs), archive.stat().st_size)


def _append(archive: BinaryIO, path: Path, name: str) -> None:
    """Appends a file or folder of the layout to the archive."""
    if not path.is_dir():
        append_file(archive, path, name, 0o644)
        return
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, 0o755
    archive.write(member.tobuf(tarfile.PAX_FORMAT))


def _append_blob(archive: BinaryIO, path: Path) -> None:
    """Appends a blob to the archive; raises DataError if its content does not match its digest."""
    size_bytes = append_header(archive, path, f"blobs/sha256/{path.name}", 0o644)
    found = copy_hashed(path, archive)
    if found != path.name:
        raise discard(path, found)
    archive.write(bytes(-size_bytes % tarfile.BLOCKSIZE))
