"""Convert: writes the SIF, which contains the layers as a SquashFS, without calling Apptainer."""

import io
import json
import os
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from datacontainer.config.dataset import Identity
from datacontainer.config.formats import product_of
from datacontainer.image.damage import discard_damaged
from datacontainer.image.labels import labels_of
from datacontainer.layers.compression import NONE
from datacontainer.layers.gnulinks import with_gnu_targets
from datacontainer.layers.layerstream import one_tar
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import completed
from datacontainer.runtime.packer import run_packer
from datacontainer.runtime.progress import growing
from datacontainer.sif import header as sif
from datacontainer.sif.base import NO_BASE, Base, files_of, kept_by, piped
from datacontainer.sif.mksquashfs import write_compressed
from datacontainer.sif.sign import add_signature

if TYPE_CHECKING:
    from datacontainer.base.flatten import Flattened

# Apptainer starts these files. The image has no shell, so they are links to the entrypoint, which reads its own name.
ACTIONS = ("runscript", "startscript", "test")
# Apptainer mounts these files and folders from the host, and fails or warns if they are missing from the image.
FOLDERS = (".singularity.d", "dev", "etc", "home", "proc", "root", "sys", "tmp", "var", "var/tmp")
FILES = {
    "etc/group": b"root:x:0:\n",
    "etc/hosts": b"127.0.0.1 localhost\n",
    "etc/localtime": b"TZif",
    "etc/passwd": b"root:x:0:0:root:/root:/entrypoint\n",
    "etc/resolv.conf": b"\n",
}


@dataclass(frozen=True)
class SifRequest:
    """The inputs and options of a SIF.

    identity: name, version, mount and labels. platform: that of the image in the layout's manifest.json.
    packer: the program that writes the SquashFS and signs. layout: the image layout. summary: dataset.json.
    image: the SIF to write. documents: JSON objects to add, by name. key: the file with the private key; signing reads
    the data once more. compression: of the layers and of the SquashFS; mksquashfs writes a compressed SquashFS, the
    packer an uncompressed one. threads: the number of threads that compress. base: the lowest layers of the layout.
    """

    identity: Identity
    platform: str
    packer: Path
    layout: Path
    summary: Path
    image: Path
    documents: Mapping[str, bytes] = field(default_factory=dict)
    key: Path | None = None
    compression: str = NONE
    threads: int = 1
    base: Base = NO_BASE

    def own_layers(self) -> list[Path]:
        """The layers of the layout's first platform, without those of its base."""
        return [self.layout / layer for layer in docker_image(self.layout)[1][len(self.base.layers) :]]


def convert(request: SifRequest) -> None:
    """Writes the SIF; each byte of data is read and written once.

    Two descriptors refer to the SquashFS: a system partition to run, and a data partition, which containers bind with
    `image-src`.

    Raises:
        DataError: if a layer is damaged.
    """
    architecture = request.platform.split("/")[1]
    config_name, _ = docker_image(request.layout)
    described = json.loads(request.summary.read_bytes())
    objects = _objects(request, described, config_name)
    with completed(request.image) as partial, open(partial, "w+b") as file:
        placed = _placed(objects)
        offset = sif.aligned(placed[-1].offset + placed[-1].size_bytes)
        size_bytes = _write_data(request, partial, offset)
        _write_objects(file, placed, objects)
        placed += [
            sif.partition("system.squashfs", offset, size_bytes, sif.PRIMARY_SYSTEM, architecture),
            sif.partition("data.squashfs", offset, size_bytes, sif.DATA, architecture),
        ]
        if request.key is not None:
            file.flush()
            placed.append(add_signature(partial, file, placed, request.key, request.packer))
        file.seek(0)
        file.write(sif.header(architecture, placed))
        # Users who can read the image can start it like any program.
        mode = partial.stat().st_mode
        partial.chmod(mode | (mode & 0o444) >> 2)
    logger.info("SquashFS of %d bytes at offset %d", size_bytes, offset)
    finished(described["files"], described["bytes"])


def skeleton_layer(needed: Callable[[str], bool] = lambda _: True, more: Mapping[str, bytes] | None = None) -> bytes:
    """A layer with the files and folders that Apptainer needs in an image without an operating system.

    needed: whether the image needs a path that Apptainer does not replace. more: contents of further files of
    Apptainer's folder, by path.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in filter(needed, FOLDERS):
            tar.addfile(_member(name, tarfile.DIRTYPE, 0o1777 if name.endswith("tmp") else 0o755))
        for name in ACTIONS:
            link = _member(f".singularity.d/{name}", tarfile.SYMTYPE, 0o777)
            link.linkname = "../entrypoint"
            tar.addfile(link)
        for name, content in {**{name: FILES[name] for name in filter(needed, FILES)}, **(more or {})}.items():
            file = _member(name, tarfile.REGTYPE, 0o644)
            file.size = len(content)
            tar.addfile(file, io.BytesIO(content))
    return buffer.getvalue()


def _member(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode = kind, mode
    return member


def docker_image(layout: Path) -> tuple[str, list[str]]:
    """The paths of the config and of the layers of the layout's first platform."""
    image = json.loads((layout / "manifest.json").read_bytes())[0]
    return image["Config"], image["Layers"]


def _objects(request: SifRequest, described: Mapping[str, Any], config_name: str) -> dict[str, tuple[int, bytes]]:
    """The data objects before the SquashFS, by name: kind and content."""
    return {
        "Singularity": (sif.DEFFILE, _definition(request.identity)),
        "inspect-metadata.json": (sif.GENERIC_JSON, _inspection(request.identity, described)),
        "oci-config.json": (sif.GENERIC_JSON, (request.layout / config_name).read_bytes()),
        **{name: (sif.GENERIC_JSON, content) for name, content in request.documents.items()},
    }


def _placed(objects: Mapping[str, tuple[int, bytes]]) -> list[sif.DataObject]:
    """The data objects, each placed at the end of the previous one."""
    placed, offset = [], sif.DATA_OFFSET
    for name, (kind, content) in objects.items():
        placed.append(sif.DataObject(kind, name, offset, len(content)))
        offset += len(content)
    return placed


def _write_objects(file: BinaryIO, placed: Sequence[sif.DataObject], objects: Mapping[str, tuple[int, bytes]]) -> None:
    for one in placed:
        file.seek(one.offset)
        file.write(objects[one.name][1])


def _write_data(request: SifRequest, image: Path, offset: int) -> int:
    """Writes the SquashFS of the layers into the image and returns its size; deletes a damaged layer."""
    layers = request.own_layers()
    try:
        base = request.base.flattened(request.identity.mount)
        skeleton = skeleton_layer(kept_by(base), files_of(request.base))
        if request.compression == NONE:
            return write_uncompressed(request.packer, image, offset, layers, skeleton=skeleton, base=base)
        # mksquashfs keeps the first entry of a folder: the layers' entry, which the packer keeps too.
        tar = one_tar(layers, request.compression, skeleton)
        below = with_gnu_targets(base.pieces()) if base else ()
        return write_compressed(image, offset, request.compression, request.threads, chain(below, tar))
    except DataError:
        discard_damaged([*layers, *(request.layout / docker for docker in docker_image(request.layout)[1])])
        raise


def write_uncompressed(
    packer: Path,
    image: Path,
    offset: int,
    layers: Sequence[Path],
    folder: str = "",
    *,
    skeleton: bytes = b"",
    base: "Flattened | None" = None,
) -> int:
    """Writes a SquashFS of the layers, and returns its size; with a folder, only of the content of that folder.

    skeleton, base: files below those of the layers.
    """
    place: list[str | Path] = ["squashfs", "--output", image, "--offset", str(offset)]
    total_bytes = offset + sum(layer.stat().st_size for layer in layers)
    # In memory: no temporary disk can be full.
    with open(os.memfd_create("skeleton"), "wb", buffering=0) as first, piped(base) as below:
        first.write(skeleton)
        opened = [first.fileno(), *below]
        arguments: list[str | Path] = (
            ["--folder", folder, *layers] if folder else [*(f"/dev/fd/{one}" for one in opened), *layers]
        )
        with growing("the SIF", image, total_bytes):
            size_bytes: int = json.loads(run_packer(packer, [*place, *arguments], {}, *opened))["size"]
    return size_bytes


def _definition(identity: Identity) -> bytes:
    """The text that `apptainer inspect --deffile` prints: a definition that builds the image from the archive."""
    return f"Bootstrap: docker-archive\nFrom: {product_of(identity.name, 'docker')}\n".encode()


def _inspection(identity: Identity, described: Mapping[str, Any]) -> bytes:
    """The JSON that `apptainer inspect` reads; without it, Apptainer would start a shell in the image."""
    help_text = (
        f"{identity.name} {identity.version}: a data container with {described['files']} files in {identity.mount}.\n"
        f"apptainer run IMAGE -help            all options\n"
        f"apptainer run IMAGE                  list every file with its metadata\n"
        f"apptainer exec --bind IMAGE:{identity.mount}:image-src={identity.mount},ro OTHER.sif ls {identity.mount}\n"
    )
    attributes = {
        "deffile": _definition(identity).decode(),
        "helpfile": help_text,
        "labels": labels_of(identity, described),
        **dict.fromkeys(ACTIONS, "/entrypoint\n"),
    }
    value = {"data": {"attributes": attributes}, "type": "container"}
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
