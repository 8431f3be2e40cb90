"""The JSON of an OCI image: config, manifest, index, and descriptors of them.

Source: OCI image-spec 1.0, config.md, manifest.md, image-index.md, image-layout.md.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
LAYER_KIND, METADATA, PROGRAMS, BASE = "io.datacontainer.layer", "metadata", "programs", "base"
# By compression.
LAYER_TYPES = {"none": LAYER_TYPE, "gzip": LAYER_TYPE + "+gzip", "zstd": LAYER_TYPE + "+zstd"}


@dataclass(frozen=True)
class Layer:
    """A stored layer. Without compression, its digest equals its diff ID. origin: its entry in the image's history.

    kind: the value of the descriptor's annotation, with which a client finds the layer; none if empty. annotations:
    further ones of the descriptor.
    """

    diff_id: str
    digest: str
    size_bytes: int
    origin: str
    compression: str = "none"
    kind: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)

    def descriptor(self) -> dict[str, Any]:
        """Media type, digest and size of the blob, and its annotations."""
        annotations = {**self.annotations, **({LAYER_KIND: self.kind} if self.kind else {})}
        more = {"annotations": annotations} if annotations else {}
        return _descriptor(LAYER_TYPES[self.compression], self.digest, self.size_bytes, **more)


@dataclass(frozen=True)
class Blob:
    """Serialized JSON with its media type."""

    media_type: str
    content: bytes

    @classmethod
    def of(cls, media_type: str, value: Any) -> "Blob":
        """The blob of a JSON value; equal values give equal bytes."""
        return cls(media_type, json.dumps(value, sort_keys=True, separators=(",", ":")).encode())

    @property
    def digest(self) -> str:
        """sha256:<hex> of the content."""
        return "sha256:" + hashlib.sha256(self.content).hexdigest()

    def descriptor(self, **more: Any) -> dict[str, Any]:
        """Media type, digest and size of the blob, and the given properties."""
        return _descriptor(self.media_type, self.digest, len(self.content), **more)


def image_config(
    platform: str,
    layers: Sequence[Layer],
    labels: Mapping[str, str],
    settings: Mapping[str, Any] | None = None,
    history: Sequence[Any] = (),
) -> Blob:
    """The config blob, whose digest is the image ID. Has no `created`: the same data gives the same image ID.

    settings: of the base that containers keep. history: of the layers of the base.
    """
    operating_system, architecture = platform.split("/")
    own = [{"created_by": layer.origin} for layer in layers if layer.kind != BASE]
    return Blob.of(
        CONFIG_TYPE,
        {
            "architecture": architecture,
            "os": operating_system,
            # No Volumes: Docker would copy the whole dataset into an anonymous volume at every run.
            "config": {**(settings or {}), "Entrypoint": ["/entrypoint"], "Labels": dict(labels)},
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [*history, *own],
        },
    )


def manifest(config: Blob, layers: Sequence[Layer], annotations: Mapping[str, str]) -> Blob:
    """The manifest of one platform's image."""
    return Blob.of(
        MANIFEST_TYPE,
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": config.descriptor(),
            "layers": [layer.descriptor() for layer in layers],
            "annotations": dict(annotations),
        },
    )


def image_index(manifests: Mapping[str, Blob], annotations: Mapping[str, str]) -> Blob:
    """The index of the manifests by platform."""
    descriptors = [
        one.descriptor(platform=dict(zip(("os", "architecture"), platform.split("/"), strict=True)))
        for platform, one in manifests.items()
    ]
    return Blob.of(
        INDEX_TYPE,
        {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": descriptors, "annotations": dict(annotations)},
    )


def layout_index(top: Blob, name: str, version: str) -> bytes:
    """index.json of a layout with one image, with the annotations from which containerd and podman take the name."""
    annotations = {
        "org.opencontainers.image.ref.name": version,
        "io.containerd.image.name": f"docker.io/library/{name}:{version}",
    }
    # Apptainer refuses an index.json with more than one descriptor.
    value = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [top.descriptor(annotations=annotations)]}
    return Blob.of(INDEX_TYPE, value).content


def docker_manifest(config: Blob, layers: Sequence[Layer], name: str, version: str) -> bytes:
    """manifest.json, with which `docker load` finds the blobs. Source: moby, image/tarexport."""
    value = [
        {
            "Config": blob_path(config.digest),
            "RepoTags": [f"{name}:{version}"],
            "Layers": [blob_path(layer.digest) for layer in layers],
        }
    ]
    return Blob.of("", value).content


def blob_path(digest: str) -> str:
    """The path of a blob relative to the layout."""
    return "blobs/" + digest.replace(":", "/")


def _descriptor(media_type: str, digest: str, size_bytes: int, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size_bytes, **more}
