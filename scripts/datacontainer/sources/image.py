"""Images of layers: manifest, config and labels, the documents, and the contents of files in the layers' tars.

Source: OCI image-spec 1.1, manifest.md, image-index.md, config.md.
"""

import hashlib
import json
import re
import shutil
import tarfile
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, Protocol

from datacontainer.entrypoint.gobuild import host_architecture
from datacontainer.layers.chunked import SEEK_TABLE
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.progress import size
from datacontainer.sources.cache import kept
from datacontainer.sources.files import Files
from datacontainer.sources.frames import Frames, damaged, decompressed, position, read_frames
from datacontainer.sources.plan import plan
from datacontainer.sources.source import Content, Folder, Run, Traffic
from datacontainer.sources.tarcontents import tar_contents

METADATA_FOLDER = ".datacontainer"
# The annotation of the metadata layer and, if a registry or an engine dropped it, the layer's entry in the history.
KIND, METADATA, BASE, ORIGIN = "io.datacontainer.layer", "metadata", "base", "datacontainer aggregate: "
DIGEST = re.compile("sha256:[0-9a-f]{64}")
COPY_BYTES = 1 << 20
MAXIMUM_DOCUMENT = 16 << 20
# Of layers without files, which may have empty folders.
SMALL_LAYER = 1 << 16


class Layer(NamedTuple):
    """A layer: its diff ID, and from its descriptor the digest, the size and the media type of its blob.

    table: the position of its seek table, "" without.
    """

    diff_id: str
    digest: str
    size_bytes: int
    media_type: str
    table: str

    @property
    def compression(self) -> str:
        """The name of the compression, "" without."""
        # skopeo gives a blob that the registry has already the media type of those that it compresses.
        if self.digest == self.diff_id:
            return ""
        for suffix, name in (("gzip", "gzip"), ("zstd", "zstd")):
            if self.media_type.endswith(suffix):
                return name
        return ""


class Blobs(Protocol):
    """The blobs of an image. traffic: the requests, and the bytes of manifests and configs."""

    traffic: Traffic

    def manifest(self, digest: str) -> bytes:
        """The content of a manifest, whose digest is checked."""
        ...

    def config(self, digest: str) -> bytes:
        """The content of a config, whose digest is checked."""
        ...

    def opened(self, digest: str, start: int, stop: int | None) -> IO[bytes]:
        """The bytes of a blob from `start` to before `stop`, by default its end."""
        ...

    def has_ranges(self, digest: str) -> bool:
        """Whether a part of a blob can be read without the rest."""
        ...


class Image:
    """A data container of layers; see `Source`."""

    def __init__(self, name: str, top: bytes, blobs: Blobs) -> None:
        """top: the manifest or the index.

        Raises:
            DataError: if it is no image.
        """
        self.name, self._blobs = name, blobs
        self.traffic = blobs.traffic
        self.digest = "sha256:" + hashlib.sha256(top).hexdigest()
        try:
            manifest = self._manifest(json.loads(top))
            config = json.loads(blobs.config(manifest["config"]["digest"]))
            self.labels: Mapping[str, str] = dict((config.get("config") or {}).get("Labels") or {})
            diff_ids = config["rootfs"]["diff_ids"]
            described = zip(diff_ids, manifest["layers"], strict=True)
            layers = [_layer(diff_id, one) for diff_id, one in described]
            self._metadata = _metadata_layer(manifest["layers"], layers, config.get("history") or [])
            kinds = [(one.get("annotations") or {}).get(KIND) for one in manifest["layers"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{name!r} is no image ({error!r}): name an image that `datacontainer` built") from error
        # The layers of a base have no files of the dataset.
        self._layers = {one.diff_id: one for one, kind in zip(layers, kinds, strict=True) if kind != BASE}
        self._frames = dict[str, Frames]()

    @property
    def identity(self) -> str:
        """The digest of the metadata layer's tar, in hex."""
        return self._required().diff_id.partition(":")[2]

    def document(self, name: str) -> Path:
        """See `Source`."""
        path = kept("metadata", self.identity, self._extract) / name
        if not path.is_file():
            raise DataError(f"{self.name!r} has no {name!r} in /{METADATA_FOLDER}: build the image again")
        return path

    def runs(self, files: Files) -> list[Run]:
        """See `Source`."""
        wanted, sizes = set(files.layers), dict[str, int | None]()
        for layer in self._layers.values():
            small = files.tails is not None and layer.size_bytes <= SMALL_LAYER and layer != self._metadata
            if layer.diff_id in wanted or small:
                sizes[layer.diff_id] = self._ranged_bytes(layer)
        return plan(files, sizes, self.name)

    def notice(self, runs: list[Run]) -> str:
        """See `Source`."""
        whole = [self._layers[one.layer] for one in runs if one.stop is None]
        if not whole:
            return ""
        compressed = sum(bool(one.compression) for one in whole)
        reason = "they are compressed" if compressed == len(whole) else "the registry sends no ranges"
        reason += f" and {compressed} are compressed" if 0 < compressed < len(whole) else ""
        size_bytes = size(sum(one.size_bytes for one in whole))
        return f"reading whole layers, as {reason}: {len(whole)} of {len(self._layers)} layers, {size_bytes}"

    def contents(self, run: Run, files: Files) -> Generator[Content | Folder]:
        """See `Source`."""
        layer = self._layers[run.layer]
        with self._tar(layer, run.start, run.stop) as stream:
            what = f"the layer {layer.digest} of {self.name!r}"
            yield from tar_contents(stream, run, files, what)

    def _manifest(self, document: dict[str, Any]) -> dict[str, Any]:
        """The manifest for this machine, or the first; all platforms have the same files."""
        if "manifests" not in document:
            return document
        images = [one for one in document["manifests"] if (one.get("platform") or {}).get("os") != "unknown"]
        here = [one for one in images if (one.get("platform") or {}).get("architecture") == host_architecture()]
        found: dict[str, Any] = json.loads(self._blobs.manifest([*here, *images][0]["digest"]))
        return found

    def _required(self) -> Layer:
        if self._metadata is None:
            raise DataError(f"{self.name!r} is no data container with a catalog in the image: build the image again")
        return self._metadata

    def _extract(self, folder: Path) -> None:
        """Writes the files of the metadata layer, whose digest is checked first."""
        layer = self._required()
        with self._tar(layer, 0, None) as stream, tempfile.TemporaryFile(dir=folder.parent) as file:
            shutil.copyfileobj(stream, file, COPY_BYTES)
            file.seek(0)
            found = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
            if found != layer.diff_id:
                raise DataError(
                    f"digest mismatch for the metadata layer of {self.name!r}: the config names {layer.diff_id}, the "
                    f"layer gives {found}: push or build the image again"
                )
            file.seek(0)
            try:
                _extract_documents(file, folder)
            except (tarfile.TarError, FileExistsError) as error:
                raise DataError(f"the metadata layer of {self.name!r} is damaged: build the image again") from error

    def _ranged_bytes(self, layer: Layer) -> int | None:
        """The size of a layer's tar, if parts of it can be read."""
        if (layer.compression and not layer.table) or not self._blobs.has_ranges(layer.digest):
            return None
        if not layer.table:
            return layer.size_bytes
        if layer.diff_id not in self._frames:
            self._frames[layer.diff_id] = self._read_frames(layer)
        return self._frames[layer.diff_id].size_bytes

    def _read_frames(self, layer: Layer) -> Frames:
        try:
            start, stop = position(layer.table, layer.size_bytes)
            with self._blobs.opened(layer.digest, start, stop) as blob:
                return read_frames(Counted(blob, self.traffic).read(stop - start), start)
        except ValueError as error:
            raise damaged(layer.digest, self.name, error) from error

    @contextmanager
    def _tar(self, layer: Layer, start: int, stop: int | None) -> Iterator[Any]:
        """The bytes of a layer's tar; of a compressed layer without frames, from the start."""
        before, frames = 0, self._frames.get(layer.diff_id)
        if frames and stop is not None:
            place = start
            start, stop, begin = frames.around(start, stop)
            before = place - begin
        with self._blobs.opened(layer.digest, start, stop) as blob:
            counted = Counted(blob, self.traffic)
            if not layer.compression:
                yield counted
                return
            with decompressed(counted, layer.compression, before, f"the layer {layer.digest} of {self.name!r}") as tar:
                yield tar


class Counted:
    """A stream whose bytes are counted."""

    closed = False

    def __init__(self, stream: IO[bytes], traffic: Traffic) -> None:
        """stream: to read from."""
        self._stream, self._traffic = stream, traffic

    def read(self, count: int = -1) -> bytes:
        """The next bytes."""
        content = self._stream.read(count)
        self._traffic.add(len(content))
        return content

    def close(self) -> None:
        """Does nothing: its owner closes the stream."""


def _extract_documents(layer: IO[bytes], folder: Path) -> None:
    with tarfile.open(fileobj=layer) as tar:
        for member in tar:
            outer, _, name = member.name.rpartition("/")
            source = tar.extractfile(member) if member.isreg() else None
            if source and outer == METADATA_FOLDER and name not in ("", ".", ".."):
                with open(folder / name, "xb") as target:
                    shutil.copyfileobj(source, target, COPY_BYTES)


def _layer(diff_id: str, descriptor: dict[str, Any]) -> Layer:
    digest = descriptor["digest"]
    # A path in the cache contains one, and a path of a layout the other.
    if not DIGEST.fullmatch(diff_id) or not DIGEST.fullmatch(digest):
        raise ValueError(f"{diff_id!r} or {digest!r} is no sha256")
    media_type, annotations = str(descriptor["mediaType"]), descriptor.get("annotations") or {}
    table = str(annotations.get(SEEK_TABLE) or "") if media_type.endswith("zstd") else ""
    return Layer(diff_id, digest, int(descriptor["size"]), media_type, table)


def _metadata_layer(descriptors: list[Any], layers: list[Layer], history: list[Any]) -> Layer | None:
    for descriptor, layer in zip(descriptors, layers, strict=True):
        if (descriptor.get("annotations") or {}).get(KIND) == METADATA:
            return layer
    origins = [str(one.get("created_by")) for one in history if not one.get("empty_layer")]
    if len(origins) == len(layers):
        return next((one for one, text in zip(layers, origins, strict=True) if text.startswith(ORIGIN)), None)
    return None
