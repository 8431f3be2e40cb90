"""The blobs of an image layout."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datacontainer.image import oci
from datacontainer.image.tar import Tar
from datacontainer.layers.compression import NONE, Stored, compress_file
from datacontainer.runtime.outputs import write_bytes, written

LAYOUT_VERSION = b'{"imageLayoutVersion":"1.0.0"}'
METADATA_FILES = ("oci-layout", "index.json", "manifest.json")


@dataclass
class Blobs:
    """The blobs of the layout in the folder `layout`. stored: the blobs to keep; `prune` removes all others.

    compression: of the layers that `add_layer` creates; the packer is needed for gzip.
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

    def add_layer(
        self, files: Mapping[str, Path], mode: int, origin: str, folder: str = "", kind: str = ""
    ) -> oci.Layer:
        """Stores a layer with the given files, by name, in the folder of the image; kind: see `oci.Layer`."""
        tar, compressed = self.layout / ".layer.partial", self.layout / ".layer.compressed"
        try:
            diff_id = _write_tar(tar, files, mode, folder)
            blob, stored = tar, Stored(diff_id, tar.stat().st_size)
            if self.compression != NONE:
                blob, stored = compressed, compress_file(self.compression, self.packer, tar, compressed)
            os.replace(blob, self.path(stored.digest))
        finally:
            tar.unlink(missing_ok=True)
            compressed.unlink(missing_ok=True)
        about = origin, self.compression, kind, stored.annotations
        return oci.Layer(diff_id, stored.digest, stored.size_bytes, *about)

    def prune(self) -> None:
        """Removes the blobs of earlier images."""
        for path in (self.layout / "blobs" / "sha256").iterdir():
            if path.name not in self.stored:
                path.unlink()


def _write_tar(path: Path, files: Mapping[str, Path], mode: int, folder: str) -> str:
    """Writes the uncompressed layer and returns its diff ID."""
    with written(path) as file:
        layer = Tar(file)
        if folder:
            layer.add_folder(folder)
        for name, source in sorted(files.items()):
            layer.add_file(source, f"{folder}/{name}" if folder else name, mode)
        layer.end()
    with open(path, "rb") as tar:
        return "sha256:" + hashlib.file_digest(tar, "sha256").hexdigest()


def blobs_of(layout: Path) -> list[Path]:
    """The blobs of a layout, in the order of their digests."""
    return sorted((layout / "blobs/sha256").iterdir())
