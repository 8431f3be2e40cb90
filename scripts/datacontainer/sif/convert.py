"""Convert: the SIF, written directly: SquashFS of the layers inside a file that runs, binds and verifies."""

import io
import json
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from datacontainer.config.dataset import Identity
from datacontainer.config.formats import product_of
from datacontainer.image.damage import discard_damaged
from datacontainer.image.labels import labels_of
from datacontainer.layers.compression import NONE
from datacontainer.layers.layerstream import one_tar
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import completed
from datacontainer.runtime.packer import run_packer
from datacontainer.runtime.progress import growing
from datacontainer.sif import header as sif
from datacontainer.sif.mksquashfs import write_compressed
from datacontainer.sif.sign import add_signature

# Apptainer starts these files; without a shell they can only be the entrypoint, which sees the name it is called by.
ACTIONS = ("runscript", "startscript", "test")
# Apptainer mounts or binds these from the host, and stops or warns where there is nothing to mount on.
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
    """The SIF to make: of which image, with what in it, and how.

    identity: what the image says of itself. platform: the one of the layout's manifest.json.
    packer: the program that writes the SquashFS, and that signs. layout: the image layout. summary: dataset.json.
    image: the file to make. documents: JSON to add, by name. key: a file with the key to sign with; for that the data
    is read once more. compression: that of the layers, and of the SquashFS too, which mksquashfs then makes and not
    the packer. threads: how many compress.
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


def convert(request: SifRequest) -> None:
    """Writes the SIF; each byte of data is read and written once.

    The SquashFS is listed twice: as the system that runs, and as data, so that other containers can bind it with
    `image-src`.

    Raises:
        DataError: when a layer is not what it was any more.
    """
    architecture = request.platform.split("/")[1]
    config_name, layers = _docker_image(request.layout)
    described = json.loads(request.summary.read_bytes())
    objects = _objects(request, described, config_name)
    with completed(request.image) as partial, open(partial, "w+b") as file:
        placed = _placed(objects)
        offset = sif.aligned(placed[-1].offset + placed[-1].size_bytes)
        size_bytes = _write_data(request, partial, offset, [request.layout / layer for layer in layers])
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
        # An image can be started like any program by those who can read it.
        mode = partial.stat().st_mode
        partial.chmod(mode | (mode & 0o444) >> 2)
    logger.info("SquashFS of %d bytes at offset %d", size_bytes, offset)
    finished(described["files"], described["bytes"])


def skeleton_layer() -> bytes:
    """A layer with what Apptainer needs to find in an image that has no operating system."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in FOLDERS:
            tar.addfile(_member(name, tarfile.DIRTYPE, 0o1777 if name.endswith("tmp") else 0o755))
        for name in ACTIONS:
            link = _member(f".singularity.d/{name}", tarfile.SYMTYPE, 0o777)
            link.linkname = "../entrypoint"
            tar.addfile(link)
        for name, content in FILES.items():
            file = _member(name, tarfile.REGTYPE, 0o644)
            file.size = len(content)
            tar.addfile(file, io.BytesIO(content))
    return buffer.getvalue()


def _member(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode = kind, mode
    return member


def _docker_image(layout: Path) -> tuple[str, list[str]]:
    """The config's and the layers' paths of the layout's first platform."""
    image = json.loads((layout / "manifest.json").read_bytes())[0]
    return image["Config"], image["Layers"]


def _objects(request: SifRequest, described: Mapping[str, Any], config_name: str) -> dict[str, tuple[int, bytes]]:
    """The objects before the data, by name: kind and content."""
    return {
        "Singularity": (sif.DEFFILE, _definition(request.identity)),
        "inspect-metadata.json": (sif.GENERIC_JSON, _inspection(request.identity, described)),
        "oci-config.json": (sif.GENERIC_JSON, (request.layout / config_name).read_bytes()),
        **{name: (sif.GENERIC_JSON, content) for name, content in request.documents.items()},
    }


def _placed(objects: Mapping[str, tuple[int, bytes]]) -> list[sif.DataObject]:
    """The objects one behind the other."""
    placed, offset = [], sif.DATA_OFFSET
    for name, (kind, content) in objects.items():
        placed.append(sif.DataObject(kind, name, offset, len(content)))
        offset += len(content)
    return placed


def _write_objects(file: BinaryIO, placed: Sequence[sif.DataObject], objects: Mapping[str, tuple[int, bytes]]) -> None:
    for one in placed:
        file.seek(one.offset)
        file.write(objects[one.name][1])


def _write_data(request: SifRequest, image: Path, offset: int, layers: Sequence[Path]) -> int:
    """Writes the SquashFS of the layers into the image, and gives its size; deletes a layer that is damaged."""
    try:
        if request.compression == NONE:
            return _write_squashfs(request.packer, image, offset, layers)
        # The first of a folder's entries counts: the layers', as with the packer.
        tar = one_tar(layers, request.compression, skeleton_layer())
        return write_compressed(image, offset, request.compression, request.threads, tar)
    except DataError:
        discard_damaged(layers)
        raise


def _write_squashfs(packer: Path, image: Path, offset: int, layers: Sequence[Path]) -> int:
    with tempfile.NamedTemporaryFile(suffix=".tar") as skeleton:
        skeleton.write(skeleton_layer())
        skeleton.flush()
        arguments: list[str | Path] = ["squashfs", "--output", image, "--offset", str(offset), skeleton.name, *layers]
        total_bytes = offset + sum(layer.stat().st_size for layer in layers)
        with growing("the SIF", image, total_bytes):
            size_bytes: int = json.loads(run_packer(packer, arguments, {}))["size"]
    return size_bytes


def _definition(identity: Identity) -> bytes:
    """The text that `apptainer inspect --deffile` shows: how to build the same from the archive."""
    return f"Bootstrap: docker-archive\nFrom: {product_of(identity.name, 'docker')}\n".encode()


def _inspection(identity: Identity, described: Mapping[str, Any]) -> bytes:
    """What `apptainer inspect` reads instead of starting a shell in the image."""
    help_text = (
        f"{identity.name} {identity.version}: a data container with {described['files']} files in {identity.mount}.\n"
        f"apptainer run IMAGE -help            all it can be asked\n"
        f"apptainer run IMAGE                  every file with its metadata\n"
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
