"""The blobs of an image layout."""

import hashlib
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from datacontainer.image import oci
from datacontainer.layers.compression import NONE, Stored, compress_file
from datacontainer.runtime.outputs import copy_into, write_bytes, written

LAYOUT_VERSION = b'{"imageLayoutVersion":"1.0.0"}'


METADATA_FILES = ("oci-layout", "index.json", "manifest.json")


@dataclass
class Blobs:
    """The blobs of the layout in the folder `layout`. stored: the blobs to keep; `prune` removes all others.

    compression: of the layers that `add_file_layer` creates; the packer is needed for gzip.
    """

    layout: Path
    compression: str = NONE
    packer: Path = Path()
    stored: set[str] = field(default_factory=set)

    def path(self, digest: str) -> Path:
        """The path of the blob with a digest; `prune` keeps the blob."""
        path = self.layout / oci.blob_path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.stored.add(path.name)
        return path

    def add(self, blob: oci.Blob) -> oci.Blob:
        """Stores a blob and returns it."""
        write_bytes(self.path(blob.digest), blob.content)
        return blob

    def add_file_layer(self, source: Path, name: str, mode: int, origin: str) -> oci.Layer:
        """Stores a layer that contains only the file `source`, with the given name and mode."""
        partial = self.layout / f".{name}.partial"
        with written(partial) as tar:
            append_file(tar, source, name, mode)
            tar.write(bytes(2 * tarfile.BLOCKSIZE))
        with open(partial, "rb") as tar:
            diff_id = "sha256:" + hashlib.file_digest(tar, "sha256").hexdigest()
        if self.compression == NONE:
            blob, stored = partial, Stored(diff_id, partial.stat().st_size)
        else:
            blob = self.layout / f".{name}.compressed"
            stored = compress_file(self.compression, self.packer, partial, blob)
            partial.unlink()
        os.replace(blob, self.path(stored.digest))
        return oci.Layer(diff_id, *stored, origin, self.compression)

    def prune(self) -> None:
        """Removes the blobs of earlier images."""
        for path in (self.layout / "blobs" / "sha256").iterdir():
            if path.name not in self.stored:
                path.unlink()


def append_header(tar: BinaryIO, path: Path, name: str, mode: int) -> int:
    """Appends the header of a file with owner root and time 0; returns the file's size."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = path.stat().st_size, mode
    tar.write(member.tobuf(tarfile.PAX_FORMAT))
    return member.size


def append_file(tar: BinaryIO, path: Path, name: str, mode: int) -> None:
    """Appends a file to a tar."""
    size_bytes = append_header(tar, path, name, mode)
    copy_into(path, tar)
    tar.write(bytes(-size_bytes % tarfile.BLOCKSIZE))
