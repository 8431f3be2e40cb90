"""The image of each platform in a base: its manifest and its config, in the OCI's form or Docker's.

Source: OCI image-spec 1.1, manifest.md, image-index.md, config.md; distribution, manifest v2, schema 2.
"""

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from datacontainer.runtime.errors import DataError, UsageError

DIGEST = re.compile("sha256:[0-9a-f]{64}", re.ASCII)
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
OCI_LAYER, DOCKER_LAYER = "application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar"
# Both forms of a media type name the same bytes.
COMPRESSIONS = {
    OCI_LAYER: "none",
    f"{OCI_LAYER}+gzip": "gzip",
    f"{OCI_LAYER}+zstd": "zstd",
    DOCKER_LAYER: "none",
    f"{DOCKER_LAYER}.gzip": "gzip",
    f"{DOCKER_LAYER}.zstd": "zstd",
}
# Returns a folder of a cache by its name; the function writes the files of a missing one.
Keep = Callable[[str, Callable[[Path], None]], Path]
# The settings of a base that containers of the new image keep. A Cmd would be an argument of /entrypoint, a StopSignal
# would not stop it, and labels describe the base alone.
KEPT = {"Env": list, "User": str, "WorkingDir": str}
SHOWN_CHARACTERS = 200


class Layer(NamedTuple):
    """A layer of a base. compression: none, gzip or zstd."""

    digest: str
    size_bytes: int
    compression: str
    diff_id: str


class BaseImage(NamedTuple):
    """The image of one platform. documents: the digests of its manifest and of its config.

    settings: the part of the config that is kept. history: an entry for each layer, and entries without a layer.
    """

    layers: tuple[Layer, ...]
    documents: tuple[str, str]
    settings: Mapping[str, Any]
    history: tuple[Any, ...]

    @property
    def environment(self) -> tuple[str, ...]:
        """The variables, each as NAME=VALUE."""
        return tuple(self.settings.get("Env", ()))


NO_BASE = BaseImage((), ("", ""), {}, ())


class Source(Protocol):
    """A place with the blobs of a base. text: as configured. name: for the label of the image, "" if it has none."""

    text: str

    @property
    def name(self) -> str:
        """The reference by which the image is known."""
        ...

    def top(self) -> bytes:
        """The manifest or the index."""
        ...

    def manifest(self, digest: str) -> bytes:
        """A manifest, whose digest is checked."""
        ...

    def config(self, digest: str) -> bytes:
        """A config, whose digest is checked."""
        ...

    def store(self, digest: str, target: Path) -> None:
        """Makes `target` a file with the content of a layer."""
        ...

    def forget(self, digest: str) -> None:
        """Deletes a damaged layer from the cache."""
        ...


def read_images(source: Source, platforms: Sequence[str]) -> dict[str, BaseImage]:
    """The image of each platform.

    Raises:
        UsageError: if the base has no image for a platform.
        DataError: if it is damaged, or no image of layers.
    """
    with no_image(source.text):
        found = _platforms(source, source.top())
        check_platforms(source.text, found, platforms)
        return {one: _image(source, found[one]) for one in platforms}


def check_platforms(text: str, found: Collection[str], wanted: Sequence[str]) -> None:
    """Returns if a base has an image for each platform that is wanted.

    Raises:
        UsageError: otherwise.
    """
    if missing := [one for one in wanted if one not in found]:
        raise UsageError(
            f"the base {text!r} has no image for {', '.join(missing)}, only for {', '.join(found)}: choose another "
            "base, or other platforms"
        )


@contextmanager
def no_image(text: str) -> Iterator[None]:
    """Errors in the block about wrong or missing values are errors of a base that is no image."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        reason = " ".join(repr(error).split())[:SHOWN_CHARACTERS]
        raise DataError(f"the base {text!r} is no image of layers ({reason}): name another image") from error


def digest_of(content: bytes) -> str:
    """sha256:<hex> of the content."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def checked_digest(digest: Any) -> str:
    """The digest, if it is a sha256.

    Raises:
        ValueError: otherwise: it could be the path of another file.
    """
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} is no sha256")
    return digest


def _platforms(source: Source, top: bytes) -> dict[str, bytes]:
    """The manifests by platform, such as linux/amd64; the first of a platform's variants."""
    document = json.loads(top)
    if "manifests" not in document:
        config = json.loads(source.config(checked_digest(document["config"]["digest"])))
        return {f"{config['os']}/{config['architecture']}": top}
    found: dict[str, bytes] = {}
    for one in document["manifests"]:
        platform = one.get("platform") or {}
        name = f"{platform.get('os')}/{platform.get('architecture')}"
        # Attestations are listed for an unknown platform.
        if name not in found and platform.get("os") == "linux":
            found[name] = source.manifest(checked_digest(one["digest"]))
    return found


def _image(source: Source, content: bytes) -> BaseImage:
    manifest = json.loads(content)
    config_digest = checked_digest(manifest["config"]["digest"])
    config = json.loads(source.config(config_digest))
    pairs = zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True)
    layers = tuple(_layer(source, descriptor, diff_id) for descriptor, diff_id in pairs)
    settings = {key: value for key, value in (config.get("config") or {}).items() if key in KEPT and value}
    if wrong := [key for key, value in settings.items() if not isinstance(value, KEPT[key])]:
        raise ValueError(f"{wrong[0]} is {settings[wrong[0]]!r}")
    if not all(isinstance(one, str) and "=" in one for one in settings.get("Env", ())):
        raise ValueError(f"Env is {settings['Env']!r}")
    history = tuple(config.get("history") or ())
    if sum(not one.get("empty_layer") for one in history) != len(layers):
        history = tuple({"created_by": "base"} for _ in layers)
    return BaseImage(layers, (digest_of(content), config_digest), settings, history)


def _layer(source: Source, descriptor: Mapping[str, Any], diff_id: Any) -> Layer:
    compression = COMPRESSIONS.get(descriptor["mediaType"])
    if compression is None:
        raise DataError(
            f"the base {source.text!r} has a layer with the media type {descriptor['mediaType']!r}, expected a tar: "
            "choose another base"
        )
    return Layer(checked_digest(descriptor["digest"]), int(descriptor["size"]), compression, checked_digest(diff_id))
