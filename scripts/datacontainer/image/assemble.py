"""Assemble: writes the image layout from the shards' layers, without a second copy of the data."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datacontainer.base.manifest import NO_BASE
from datacontainer.config.dataset import Identity
from datacontainer.image import oci
from datacontainer.image.labels import labels_of
from datacontainer.image.layout import LAYOUT_VERSION, Blobs
from datacontainer.image.programs import PROGRAM_MODE, PROGRAMS_FOLDER, Program
from datacontainer.layers.compression import NONE
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import link_or_copy, write_bytes

if TYPE_CHECKING:
    from datacontainer.base.prepared import Prepared

METADATA_FOLDER = ".datacontainer"
# Source: moby, layer/layer.go.
MAXIMUM_LAYERS = 125


@dataclass(frozen=True)
class ShardLayer:
    """A shard's layer and the facts about the layer, both written by the stage hash."""

    path: Path
    facts: Mapping[str, Any]

    def described(self) -> oci.Layer:
        """The layer with the values for an image's manifest, config and history."""
        origin = f"datacontainer hash: {self.facts['files']} files, {self.facts['bytes']} bytes"
        facts = self.facts
        stored = facts["digest"], facts["blob_size"]
        annotations = facts.get("annotations", {})
        return oci.Layer(facts["diff_id"], *stored, origin, facts["compression"], annotations=annotations)


@dataclass(frozen=True)
class PlatformImage:
    """The image of one platform."""

    config: oci.Blob
    layers: Sequence[oci.Layer]
    manifest: oci.Blob


def assemble_layout(
    *,
    identity: Identity,
    summary: Path,
    layers: Sequence[ShardLayer],
    metadata: Mapping[str, Path],
    binaries: Mapping[str, Path],
    layout: Path,
    programs: Mapping[str, Mapping[str, Program]] | None = None,
    compression: str = NONE,
    packer: Path = Path(),
    base: "Prepared | None" = None,
) -> None:
    """Makes `layout` an OCI image layout, which `docker load` can load from a tar.

    summary: dataset.json. metadata: files by their names in the image's folder /.datacontainer. binaries: the
    entrypoint of each platform. programs: the users' programs of each platform, by command. compression: of the layers
    that this writes; the packer compresses with gzip. base: the image whose layers come first, unchanged. index.json is
    written last: until then, readers find the previous image or none.

    Raises:
        UsageError: if an image has more layers than Docker accepts.
    """
    blobs = Blobs(layout, compression, packer)
    data = [layer.described() for layer in layers]
    for layer, described in zip(layers, data, strict=True):
        link_or_copy(layer.path, blobs.path(described.digest))
    origin = f"datacontainer aggregate: {', '.join(sorted(metadata))}"
    data.append(blobs.add_layer(metadata, 0o644, origin, METADATA_FOLDER, oci.METADATA))
    labels = labels_of(identity, json.loads(summary.read_bytes()))
    images = {
        platform: _image(
            platform, binary, [*data, *_programs(platform, programs or {}, blobs)], labels, blobs, base=base
        )
        for platform, binary in binaries.items()
    }
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


def _image(
    platform: str,
    binary: Path,
    data: Sequence[oci.Layer],
    labels: Mapping[str, str],
    blobs: Blobs,
    *,
    base: "Prepared | None",
) -> PlatformImage:
    """Stores the entrypoint's layer, the config and the manifest of one platform.

    The entrypoint is the last layer: all platforms, and all versions with the same data, share the other layers.
    """
    entrypoint = blobs.add_layer({"entrypoint": binary}, 0o755, f"datacontainer compile: {platform}")
    below = base.images[platform] if base else NO_BASE
    layers = [*_base_layers(base, platform, blobs), *data, entrypoint]
    if len(layers) > MAXIMUM_LAYERS:
        raise UsageError(
            f"the image has {len(layers)} layers, {len(below.layers)} of them of the base, and Docker accepts at most "
            f"{MAXIMUM_LAYERS}: choose a base with fewer layers, or a larger shard_bytes"
        )
    config = blobs.add(oci.image_config(platform, layers, labels, below.settings, below.history))
    return PlatformImage(config, layers, blobs.add(oci.manifest(config, layers, labels)))


def _programs(platform: str, programs: Mapping[str, Mapping[str, Program]], blobs: Blobs) -> list[oci.Layer]:
    """Stores the layer of a platform's programs, if there are any: it stays the same when the data changes."""
    files = {Path(one.place).name: one.path for one in programs.get(platform, {}).values()}
    if not files:
        return []
    origin = f"datacontainer assemble: programs {', '.join(sorted(files))} for {platform}"
    return [blobs.add_layer(files, PROGRAM_MODE, origin, PROGRAMS_FOLDER, oci.PROGRAMS)]


def _base_layers(base: "Prepared | None", platform: str, blobs: Blobs) -> list[oci.Layer]:
    """The layers of a platform's base, each a hard link to the prepared blob."""
    found = []
    for stored in base.layers(platform) if base else ():
        one = stored.layer
        link_or_copy(stored.path, blobs.path(one.digest))
        found.append(oci.Layer(one.diff_id, one.digest, one.size_bytes, "", one.compression, oci.BASE))
    return found
