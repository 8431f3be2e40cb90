"""The blobs of an image layout."""

import hashlib
import os
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
            layer = Tar(tar)
            layer.add_file(source, name, mode)
            layer.end()
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


def blobs_of(layout: Path) -> list[Path]:
    """The blobs of a layout, in the order of their digests."""
    return sorted((layout / "blobs/sha256").iterdir())
