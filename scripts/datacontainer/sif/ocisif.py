"""Convert to an OCI-SIF: the files of a dataset as a data container of SingularityCE, without calling SingularityCE.

Source: github.com/sylabs/singularity, internal/pkg/ocisif, datacontainer.go and imagewriter.go;
github.com/sylabs/oci-tools, pkg/sif, write.go.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from datacontainer.image.damage import discard_damaged
from datacontainer.image.labels import labels_of
from datacontainer.image.oci import INDEX_TYPE, MANIFEST_TYPE, Blob
from datacontainer.layers.compression import NONE
from datacontainer.layers.layerstream import folder_tar
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.logs import finished, logger
from datacontainer.runtime.outputs import completed
from datacontainer.sif import header as sif
from datacontainer.sif.convert import SifRequest, write_uncompressed
from datacontainer.sif.mksquashfs import write_compressed
from datacontainer.sif.sign import add_signature, digest_of_part

ARTIFACT_TYPE = "application/vnd.sylabs.data-container.v1"
SQUASHFS_TYPE = "application/vnd.sylabs.image.layer.v1.squashfs"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"


def convert_oci(request: SifRequest) -> None:
    """Writes the OCI-SIF: the files at the mount, as the only layer of an OCI artifact; the layer is read once more.

    The data is at the root of the SquashFS: `--data IMAGE:FOLDER` mounts the layer's root at any folder. The header
    names no architecture, because there is no program in the image. `documents` of the request are not added.

    Raises:
        DataError: if a layer is damaged.
    """
    layers = request.own_layers()
    described = json.loads(request.summary.read_bytes())
    with completed(request.image) as partial, open(partial, "w+b") as file:
        offset = sif.aligned(sif.DATA_OFFSET)
        size_bytes = _write_data(request, partial, offset, layers)
        digest = digest_of_part(partial, offset, size_bytes)
        placed = [sif.blob(sif.OCI_BLOB, offset, size_bytes, digest)]
        end = offset + size_bytes
        for one in artifact(digest, size_bytes, labels_of(request.identity, described)):
            kind = sif.OCI_ROOT_INDEX if one.media_type == INDEX_TYPE else sif.OCI_BLOB
            placed.append(sif.blob(kind, end, len(one.content), one.digest))
            file.seek(end)
            end += file.write(one.content)
        if request.key is not None:
            file.flush()
            placed.append(add_signature(partial, file, placed, request.key, request.packer))
        file.seek(0)
        file.write(sif.header(sif.UNKNOWN, placed))
    logger.info("SquashFS of %d bytes at offset %d: %s", size_bytes, offset, digest)
    finished(described["files"], described["bytes"])


def artifact(digest: str, size_bytes: int, annotations: Mapping[str, str]) -> list[Blob]:
    """The config, the manifest and the root index of a data container whose layer has a digest and a size."""
    config = Blob(EMPTY_TYPE, b"{}")
    manifest = Blob.of(
        MANIFEST_TYPE,
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": ARTIFACT_TYPE,
            "config": config.descriptor(),
            "layers": [{"mediaType": SQUASHFS_TYPE, "digest": digest, "size": size_bytes}],
            "annotations": dict(annotations),
        },
    )
    manifests = [manifest.descriptor(artifactType=ARTIFACT_TYPE)]
    return [
        config,
        manifest,
        Blob.of(INDEX_TYPE, {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests}),
    ]


def _write_data(request: SifRequest, image: Path, offset: int, layers: Sequence[Path]) -> int:
    """Writes the SquashFS of the files at the mount and returns its size; deletes a damaged layer."""
    folder = request.identity.mount.strip("/")
    try:
        if request.compression == NONE:
            return write_uncompressed(request.packer, image, offset, layers, folder)
        tar = folder_tar(layers, request.compression, folder)
        return write_compressed(image, offset, request.compression, request.threads, tar)
    except DataError:
        discard_damaged(layers)
        raise
