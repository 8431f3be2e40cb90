"""Comparison of the OCI-SIF with the layout and the catalog; reads each byte of data twice."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.progress import Progress
from datacontainer.verify.comparison import Row, compare, folder_row
from datacontainer.verify.expected import Expected
from datacontainer.verify.layout import INDEX, MANIFEST, parsed, pick
from datacontainer.verify.rows import Totals, catalog_rows
from datacontainer.verify.sif import MAX_OBJECT, row_of
from datacontainer.verify.sifobjects import BLOBS, OCI_ROOT_INDEX, SifObject, read_object, sif_objects
from datacontainer.verify.squashfs import opened

DATA_CONTAINER = "application/vnd.sylabs.data-container.v1"
SQUASHFS = "application/vnd.sylabs.image.layer.v1.squashfs"
EMPTY = "application/vnd.oci.empty.v1+json"
EMPTY_DIGEST = f"sha256:{hashlib.sha256(b'{}').hexdigest()}"
SOURCE, FOUND = "a data container of SingularityCE", "the OCI-SIF"
READ_BYTES = 1 << 20


def verify_oci_sif(image: Path, expected: Expected) -> dict[str, Any]:
    """Returns the OCI-SIF's part of the report; records differences from the catalog and the layout.

    Raises:
        DataError: if the OCI-SIF cannot be read.
    """
    architecture, objects = sif_objects(image)
    expected.differences.check("the OCI-SIF's architecture", "unknown", architecture, SOURCE, FOUND)
    layer, manifest = OciSif(image, [one for one in objects if one.kind in BLOBS], expected).layer()
    found = Totals()
    rows = found.counted(_rows(image, layer))
    compare(expected.spool.added_to(catalog_rows(expected.catalog)), rows, FOUND, expected.differences)
    return found.described() | {"manifest": manifest, "layer": layer.digest}


class OciSif:
    """The blobs of an OCI-SIF, and the values expected in them."""

    def __init__(self, path: Path, blobs: list[SifObject], expected: Expected) -> None:
        """blobs: the root index and the other blobs."""
        self.path, self.blobs, self.expected = path, blobs, expected
        self.check = expected.differences.check

    def layer(self) -> tuple[SifObject, str]:
        """The SquashFS, and the digest of the manifest; records differences of the blobs from their descriptors.

        Raises:
            DataError: if a blob is missing or no JSON.
        """
        for one in self.blobs:
            self.check("the digest of a blob", one.digest, _digest(self.path, one), "its data object", FOUND)
        roots = [one for one in self.blobs if one.kind == OCI_ROOT_INDEX]
        if len(roots) != 1:
            raise DataError(f"the OCI-SIF {str(self.path)!r} has {len(roots)} root indexes, expected one")
        index = self._json(roots[0], INDEX)
        named = self._one(index, "the root index", "manifests", MANIFEST)
        manifest = self._json(named, MANIFEST)
        self.check("the artifactType", DATA_CONTAINER, manifest.get("artifactType"), SOURCE, "the manifest")
        annotations = manifest.get("annotations")
        self.check("the annotations", self.expected.image.labels, annotations, "the config", "the manifest")
        config = self._described(pick(manifest, "the manifest", "config"), "the config", EMPTY)
        self.check("the digest of the config", EMPTY_DIGEST, config.digest, SOURCE, FOUND)
        return self._one(manifest, "the manifest", "layers", SQUASHFS), named.digest

    def _one(self, value: Any, where: str, key: str, media_type: str) -> SifObject:
        """The blob of the only descriptor in a list."""
        listed = pick(value, where, key, of=list)
        self.check(f"the number of {key}", 1, len(listed), SOURCE, where)
        return self._described(pick(value, where, key, 0), f"the descriptor in {where}", media_type)

    def _described(self, descriptor: Any, what: str, media_type: str) -> SifObject:
        """The blob of a descriptor."""
        digest = pick(descriptor, what, "digest")
        found = next((one for one in self.blobs if one.digest == digest), None)
        if found is None:
            raise DataError(f"the OCI-SIF {str(self.path)!r} has no blob {digest!r}, which {what} names")
        self.check(f"the mediaType of {what}", media_type, descriptor.get("mediaType"), SOURCE, FOUND)
        self.check(f"the size of {what}", found.size_bytes, descriptor.get("size"), "the data object", FOUND)
        return found

    def _json(self, blob: SifObject, media_type: str) -> Any:
        if blob.size_bytes > MAX_OBJECT:
            raise DataError(f"the OCI-SIF {str(self.path)!r}: {blob.digest} has more than {MAX_OBJECT} bytes of JSON")
        value = parsed(read_object(self.path, blob), f"the blob {blob.digest} of the OCI-SIF")
        self.check(f"the mediaType of {blob.digest}", media_type, pick(value, blob.digest, "mediaType"), SOURCE, FOUND)
        return value


def _rows(image: Path, layer: SifObject) -> Iterator[Row]:
    progress = Progress("the OCI-SIF", layer.size_bytes)
    with opened(image, layer.offset, layer.size_bytes) as squashfs:
        # The root is the folder of the mount.
        yield folder_row(b"", squashfs.root().mode)
        for node in squashfs.nodes():
            yield row_of(squashfs, node, progress)


def _digest(image: Path, blob: SifObject) -> str:
    digest, place, end = hashlib.sha256(), blob.offset, blob.offset + blob.size_bytes
    with open(image, "rb") as file:
        while piece := os.pread(file.fileno(), min(READ_BYTES, end - place), place):
            digest.update(piece)
            place += len(piece)
    return f"sha256:{digest.hexdigest()}"
