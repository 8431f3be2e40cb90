"""Reader of an image layout's JSON files: compares every descriptor with its blob, and the files with each other.

Source: OCI image-spec 1.0, image-layout.md, image-index.md, manifest.md, config.md; moby, image/tarexport.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

from datacontainer.runtime.errors import DataError
from datacontainer.verify.comparison import Differences

_SPECIFIED = "application/vnd.oci.image."
INDEX, MANIFEST = _SPECIFIED + "index.v1+json", _SPECIFIED + "manifest.v1+json"
CONFIG, LAYER = _SPECIFIED + "config.v1+json", _SPECIFIED + "layer.v1.tar"
LAYER_KIND, PROGRAMS, BASE = "io.datacontainer.layer", "programs", "base"
COMPRESSED = (LAYER + "+gzip", LAYER + "+zstd")
# Registries refuse larger manifests. The size of a data container's manifest depends only on the number of layers.
MAX_JSON = 4 << 20
PLAIN_FILES = ("oci-layout", "index.json", "manifest.json")
# The source of an expected value in messages.
DATA_CONTAINER = "the data container format"


@dataclass(frozen=True)
class Descriptor:
    """A reference to a blob.

    named_by: the file with the reference. diff_id: of a layer, as listed in the config. annotations: those of text.
    """

    media_type: str
    digest: str
    size_bytes: int
    named_by: str
    diff_id: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def kind(self) -> str:
        """The kind of a layer, "" without."""
        return self.annotations.get(LAYER_KIND, "")

    @property
    def file(self) -> str:
        """The path of the blob's file in the layout."""
        return "blobs/" + self.digest.replace(":", "/")


@dataclass(frozen=True)
class Image:
    """The image of one platform. Its last layer contains the entrypoint, the layer before the metadata.

    programs: the layer of the users' programs, which is between these two and not in `layers`; empty if there is none.
    settings: how containers run, from the config. base: the number of layers of the base, which are the first.
    """

    platform: str
    manifest: Descriptor
    config: Descriptor
    settings: Mapping[str, Any]
    layers: Sequence[Descriptor]
    programs: Sequence[Descriptor]
    base: int

    @property
    def stored(self) -> list[Descriptor]:
        """All layers, in the order of the manifest."""
        return [*self.layers[:-1], *self.programs, self.layers[-1]]

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels."""
        found: Mapping[str, str] = self.settings["Labels"]
        return found


@dataclass
class Layout:
    """An image layout while it is read.

    sha256: of each file read so far, by its path in the layout. top: the digest that index.json refers to.
    """

    path: Path
    differences: Differences
    sha256: dict[str, str] = field(default_factory=dict)
    top: str = ""

    def images(self) -> list[Image]:
        """The images of all platforms, first the one that `docker load` loads; records differences between the files.

        Raises:
            DataError: if a file is missing or cannot be read, so that no image is known.
        """
        version = pick(self._json("oci-layout"), "oci-layout", "imageLayoutVersion")
        self.differences.check("the version of the image layout", "1.0.0", version, "the specification", "oci-layout")
        index = self._json("index.json")
        manifests = pick(index, "index.json", "manifests", of=list)
        self.differences.check("the number of images", 1, len(manifests), "a layout for Apptainer", "index.json")
        top = _descriptor(pick(index, "index.json", "manifests", 0), "index.json")
        self.top = top.digest
        images = self._nested(top) if top.media_type == INDEX else [self._image(top, None)]
        self._check_docker_manifest(images[0])
        for image in images[1:]:
            shared, found = ([one.digest for one in each.layers[each.base : -1]] for each in (images[0], image))
            what = f"the layers below the entrypoint of {image.platform}"
            self.differences.check(what, shared, found, f"the image of {images[0].platform}", "its manifest")
            self._check_sizes(image.layers[image.base : -1])
            what, by = f"the labels of {image.platform}", f"the image of {images[0].platform}"
            self.differences.check(what, images[0].labels, image.labels, by, "its config")
        self._check_blobs(top, images)
        return images

    def blobs(self) -> int:
        """The number of blobs read so far."""
        return len(self.sha256.keys() - set(PLAIN_FILES))

    def blob(self, descriptor: Descriptor) -> Path:
        """The path of a blob.

        Raises:
            DataError: if the blob does not exist.
        """
        path = self.path / descriptor.file
        if not path.is_file():
            raise DataError(f"the blob {descriptor.digest}, listed in {descriptor.named_by}, is not in the layout")
        return path

    def check_blob(self, descriptor: Descriptor, sha256: str, size_bytes: int) -> None:
        """Records that a blob was read, and the differences from its descriptor."""
        self.sha256[descriptor.file] = sha256
        what, by = f"the blob {descriptor.digest}", descriptor.named_by
        self.differences.check(what, descriptor.digest, "sha256:" + sha256, by, "its content")
        self.differences.check(f"the size of {what[4:]}", descriptor.size_bytes, size_bytes, by, "the file")

    def _check_sizes(self, shared: Sequence[Descriptor]) -> None:
        """Compares a further platform's descriptors with the sizes of the layers that all platforms share."""
        for layer in shared:
            size_bytes = self.blob(layer).stat().st_size
            what = f"the size of blob {layer.digest}"
            self.differences.check(what, layer.size_bytes, size_bytes, layer.named_by, "the file")

    def _nested(self, top: Descriptor) -> list[Image]:
        index = self._json_blob(top)
        images = []
        for one in pick(index, "the image index", "manifests", of=list):
            platform = "/".join(str(pick(one, "the image index", "platform", key)) for key in ("os", "architecture"))
            images.append(self._image(_descriptor(one, "the image index"), platform))
        if not images:
            raise DataError(f"the image index {top.digest} lists no manifest")
        return images

    def _image(self, descriptor: Descriptor, platform: str | None) -> Image:
        manifest = self._json_blob(descriptor)
        config = _descriptor(pick(manifest, "the manifest", "config"), "the manifest")
        layers = [_descriptor(one, "the manifest") for one in pick(manifest, "the manifest", "layers", of=list)]
        base = next((number for number, layer in enumerate(layers) if layer.kind != BASE), 0)
        if len(layers) < base + 2:
            raise DataError(f"the manifest {descriptor.digest} lists {len(layers)} layers, expected 2 or more")
        image = self._json_blob(config)
        found = "/".join(str(pick(image, "the config", key)) for key in ("os", "architecture"))
        labels = pick(image, "the config", "config", "Labels", of=dict)
        check = self.differences.check
        check("the platform", platform or found, found, "the image index", "the config")
        annotations = pick(manifest, "the manifest", "annotations")
        check(f"the labels of {found}", labels, annotations, "the config", "the manifest")
        check("the media type of a manifest", MANIFEST, descriptor.media_type, "the specification", descriptor.named_by)
        annotated = [layer.kind for layer in layers]
        own = ["metadata", PROGRAMS, ""] if PROGRAMS in annotated else ["metadata", ""]
        kinds = [*[BASE] * base, *[""] * (len(layers) - base - len(own)), *own]
        check(f"the annotations {LAYER_KIND} of {found}", kinds, annotated, DATA_CONTAINER, "the manifest")
        check("the media type of the config", CONFIG, config.media_type, "the specification", "the manifest")
        entrypoint = pick(image, "the config", "config", "Entrypoint")
        check(f"the entrypoint of {found}", ["/entrypoint"], entrypoint, DATA_CONTAINER, "the config")
        described = self._with_diff_ids(image, layers, found)
        programs = [layer for layer in described[:-1] if layer.kind == PROGRAMS]
        others = [layer for layer in described if layer not in programs]
        return Image(found, descriptor, config, image["config"], others, programs, base)

    def _with_diff_ids(self, image: Any, layers: Sequence[Descriptor], platform: str) -> list[Descriptor]:
        """The layers with their diff IDs; the diff ID of an uncompressed layer is the digest of its blob."""
        diff_ids = pick(image, "the config", "rootfs", "diff_ids", of=list)
        history = [one for one in pick(image, "the config", "history", of=list) if not one.get("empty_layer")]
        check, manifest = self.differences.check, "the manifest"
        check(f"the number of layers of {platform}", len(layers), len(diff_ids), manifest, "the config")
        check(f"the number of layers of {platform}", len(layers), len(history), manifest, "the config's history")
        for number, (layer, diff_id) in enumerate(zip(layers, diff_ids, strict=False), start=1):
            if layer.media_type not in COMPRESSED:
                check(f"the diff ID of layer {number} of {platform}", layer.digest, diff_id, manifest, "the config")
                check(f"the media type of layer {number}", LAYER, layer.media_type, DATA_CONTAINER, manifest)
        return [replace(layer, diff_id=diff_id) for layer, diff_id in zip_longest(layers, diff_ids[: len(layers)])]

    def _check_docker_manifest(self, image: Image) -> None:
        docker = pick(self._json("manifest.json"), "manifest.json", 0)
        layers = [layer.file for layer in image.stored]
        check = self.differences.check
        check("the config", image.config.file, pick(docker, "manifest.json", "Config"), "index.json", "manifest.json")
        check("the list of layers", layers, pick(docker, "manifest.json", "Layers"), "index.json", "manifest.json")

    def _check_blobs(self, top: Descriptor, images: Sequence[Image]) -> None:
        named = {top.file}
        for image in images:
            named |= {image.manifest.file, image.config.file, *(layer.file for layer in image.stored)}
        for path in sorted((self.path / "blobs").rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if not path.is_dir() and name not in named:
                self.differences.add(f"{name!r} is in the layout, but no manifest refers to it")

    def _json(self, name: str) -> Any:
        return self._parsed(name, self._content(self.path / name))

    def _json_blob(self, descriptor: Descriptor) -> Any:
        content = self._content(self.blob(descriptor))
        found = "sha256:" + hashlib.sha256(content).hexdigest()
        if found != descriptor.digest or len(content) != descriptor.size_bytes:
            raise DataError(
                f"the blob {descriptor.digest}: expected {descriptor.size_bytes} bytes ({descriptor.named_by}), "
                f"found {len(content)} bytes with the digest {found} (the file)"
            )
        return self._parsed(descriptor.file, content)

    def _content(self, path: Path) -> bytes:
        if not path.is_file():
            raise DataError(f"{path.name!r} is not in the layout {str(self.path)!r}")
        if path.stat().st_size > MAX_JSON:
            raise DataError(f"{str(path)!r} has {path.stat().st_size} bytes; at most {MAX_JSON} are allowed")
        return path.read_bytes()

    def _parsed(self, name: str, content: bytes) -> Any:
        self.sha256[name] = hashlib.sha256(content).hexdigest()
        return parsed(content, f"{name!r} of the layout")


def parsed(content: bytes, what: str) -> Any:
    """The JSON value of `content`, which is called `what` in errors."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{what} is not JSON: {error}") from error


def pick(value: Any, what: str, *keys: str | int, of: type = object) -> Any:
    """The value at a path of keys, which must be of type `of`; `value` is called `what` in errors."""
    for key in keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError) as error:
            raise DataError(f"{what} has no {'.'.join(map(str, keys))}") from error
    if not isinstance(value, of):
        raise DataError(f"{what}: {'.'.join(map(str, keys))} is not a {of.__name__}")
    return value


def _descriptor(value: Any, named_by: str) -> Descriptor:
    media_type, digest, size_bytes = (pick(value, named_by, key) for key in ("mediaType", "digest", "size"))
    if not (isinstance(digest, str) and re.fullmatch("sha256:[0-9a-f]{64}", digest)):
        raise DataError(f"{named_by} contains the digest {digest!r}, which is not a sha256 digest")
    annotations = pick({"annotations": {}} | value, named_by, "annotations", of=dict)
    texts = {name: text for name, text in annotations.items() if isinstance(text, str)}
    return Descriptor(media_type, digest, size_bytes, named_by, annotations=texts)
