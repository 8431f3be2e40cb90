"""Assemble: the image layout from the layers that exist, without a second copy of the data, and its archive."""

import hashlib
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from datacontainer import oci
from datacontainer.compression import NONE, ZSTD, Stored, compress_file
from datacontainer.config import OCI_LABEL, Identity
from datacontainer.damage import discard
from datacontainer.logs import finished, logger, warn
from datacontainer.outputs import completed, copy_hashed, copy_into, link_or_copy, write_bytes, written
from datacontainer.progress import growing
from datacontainer.render import BESIDE

LAYOUT_VERSION = b'{"imageLayoutVersion":"1.0.0"}'
LABEL_PREFIX = "io.datacontainer."
METADATA_FILES = ("oci-layout", "index.json", "manifest.json")


@dataclass(frozen=True)
class ShardLayer:
    """A shard's layer, and the facts about it, as hash left them."""

    path: Path
    facts: Mapping[str, Any]

    def described(self) -> oci.Layer:
        """The layer as an image's manifest and history tell of it."""
        origin = f"datacontainer hash: {self.facts['files']} files, {self.facts['bytes']} bytes"
        facts = self.facts
        return oci.Layer(facts["diff_id"], facts["digest"], facts["blob_size"], origin, facts["compression"])


@dataclass(frozen=True)
class PlatformImage:
    """The image of one platform."""

    config: oci.Blob
    layers: Sequence[oci.Layer]
    manifest: oci.Blob


@dataclass
class Blobs:
    """The blobs of a layout in the folder `layout`; remembers those stored, and `prune` removes all others.

    compression: of the layers that are made here; the packer is needed for gzip.
    """

    layout: Path
    compression: str = NONE
    packer: Path = Path()
    stored: set[str] = field(default_factory=set)

    def path(self, digest: str) -> Path:
        """Where the blob of a digest lies; from now on it is one to keep."""
        path = self.layout / oci.blob_path(digest)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.stored.add(path.name)
        return path

    def add(self, blob: oci.Blob) -> oci.Blob:
        """Stores a blob, and gives it back."""
        write_bytes(self.path(blob.digest), blob.content)
        return blob

    def add_file_layer(self, source: Path, name: str, mode: int, origin: str) -> oci.Layer:
        """Stores a layer with nothing but the file `source` under the given name and mode."""
        partial = self.layout / f".{name}.partial"
        with written(partial) as tar:
            _append_file(tar, source, name, mode)
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
        """Removes what earlier images left."""
        for path in (self.layout / "blobs" / "sha256").iterdir():
            if path.name not in self.stored:
                path.unlink()


def assemble_layout(
    *,
    identity: Identity,
    summary: Path,
    layers: Sequence[ShardLayer],
    binaries: Mapping[str, Path],
    layout: Path,
    compression: str = NONE,
    packer: Path = Path(),
) -> None:
    """Makes `layout` an OCI image layout, which `docker load` takes too once it is in a tar.

    summary: dataset.json. binaries: the entrypoint by platform, whose layer is compressed as asked; for gzip, by the
    packer. index.json is written last: until then a reader finds the image that was there before, or none.
    """
    blobs = Blobs(layout, compression, packer)
    data = [layer.described() for layer in layers]
    for layer, described in zip(layers, data, strict=True):
        link_or_copy(layer.path, blobs.path(described.digest))
    labels = labels_of(identity, json.loads(summary.read_bytes()))
    images = {platform: _image(platform, binary, data, labels, blobs) for platform, binary in binaries.items()}
    first = next(iter(images.values()))
    top = first.manifest
    if len(images) > 1:
        top = blobs.add(oci.image_index({platform: image.manifest for platform, image in images.items()}, labels))
    name, version = identity.name, identity.version
    write_bytes(layout / "oci-layout", LAYOUT_VERSION)
    write_bytes(layout / "manifest.json", oci.docker_manifest(first.config, first.layers, name, version))
    write_bytes(layout / "index.json", oci.layout_index(top, name, version))
    blobs.prune()
    logger.info("image ID %s, %d layers", first.config.digest, len(first.layers))
    finished(sum(layer.facts["files"] for layer in layers), sum(layer.facts["bytes"] for layer in layers))


def assemble_archive(layout: Path, archive: Path, compression: str = NONE) -> None:
    """Writes the layout as one tar: an OCI archive, and what `docker load` takes.

    compression: of the layers; there is a warning of one that not every Docker can read.
    The folders are members of it, and before their files: Apptainer does not create them itself.

    Raises:
        DataError: when a blob is not that of its digest any more.
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


def labels_of(identity: Identity, described: Mapping[str, Any]) -> dict[str, str]:
    """The image's labels, which are the manifest's annotations too: the OCI's, ours, then the user's.

    described: dataset.json.
    """
    labels = {
        OCI_LABEL + "title": identity.name,
        OCI_LABEL + "version": identity.version,
        LABEL_PREFIX + "dataset.digest": described["digest"],
        LABEL_PREFIX + "dataset.files": str(described["files"]),
        LABEL_PREFIX + "dataset.bytes": str(described["bytes"]),
        LABEL_PREFIX + "mount": identity.mount,
    }
    return labels | dict(identity.labels)


def _image(
    platform: str, binary: Path, data: Sequence[oci.Layer], labels: Mapping[str, str], blobs: Blobs
) -> PlatformImage:
    """Stores the entrypoint's layer, the config and the manifest of one platform.

    The entrypoint is the last layer, so that platforms, and versions with the same data, share the others.
    """
    index, layers = binary.with_name(BESIDE), list(data)
    if index.exists():
        layers.append(blobs.add_file_layer(index, BESIDE, 0o644, "datacontainer render: index"))
    layers.append(blobs.add_file_layer(binary, "entrypoint", 0o755, f"datacontainer compile: {platform}"))
    config = blobs.add(oci.image_config(platform, layers, labels))
    return PlatformImage(config, layers, blobs.add(oci.manifest(config, layers, labels)))


def _append(archive: BinaryIO, path: Path, name: str) -> None:
    """Appends a file or folder of the layout to the archive."""
    if not path.is_dir():
        _append_file(archive, path, name, 0o644)
        return
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, 0o755
    archive.write(member.tobuf(tarfile.PAX_FORMAT))


def _append_blob(archive: BinaryIO, path: Path) -> None:
    """Appends a blob, whose bytes must still be those of its digest."""
    size_bytes = _append_header(archive, path, f"blobs/sha256/{path.name}", 0o644)
    found = copy_hashed(path, archive)
    if found != path.name:
        raise discard(path, found)
    archive.write(bytes(-size_bytes % tarfile.BLOCKSIZE))


def _append_header(tar: BinaryIO, path: Path, name: str, mode: int) -> int:
    """Appends what goes before a file, as of nobody and of no time; the file's size."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = path.stat().st_size, mode
    tar.write(member.tobuf(tarfile.PAX_FORMAT))
    return member.size


def _append_file(tar: BinaryIO, path: Path, name: str, mode: int) -> None:
    """Appends a file to a tar."""
    size_bytes = _append_header(tar, path, name, mode)
    copy_into(path, tar)
    tar.write(bytes(-size_bytes % tarfile.BLOCKSIZE))
