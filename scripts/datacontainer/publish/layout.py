"""Image layouts as a push reads them: manifests, blobs, and the referrers of the image."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.image.oci import INDEX_TYPE, Blob, blob_path
from datacontainer.registry.upload import BlobFile
from datacontainer.runtime.errors import DataError, UsageError

Descriptor = Mapping[str, Any]


class Image(NamedTuple):
    """An image, or an artifact. top: its descriptor. documents: manifests, then their index. blobs: configs and layers.

    All are without duplicates; the document of `top` is the last.
    """

    top: Descriptor
    documents: tuple[Blob, ...]
    blobs: tuple[BlobFile, ...]

    @property
    def digest(self) -> str:
        """The digest of the manifest or, with several platforms, of their index."""
        return str(self.top["digest"])

    @property
    def labels(self) -> dict[str, str]:
        """The annotations of the manifest or index, which are the labels of an image that the workflow built."""
        return dict(_value(self.documents[-1]).get("annotations") or {})

    @property
    def layers(self) -> list[BlobFile]:
        """The layers of all platforms."""
        digests = {one["digest"] for document in self.documents for one in _value(document).get("layers", ())}
        return [one for one in self.blobs if one.digest in digests]

    def to_index(self, layout: Path) -> dict[str, Any]:
        """The value of an index of the image's manifests; the own index, if it has one."""
        value = _value(self.documents[-1])
        if "manifests" in value:
            return value
        config = json.loads((layout / blob_path(value["config"]["digest"])).read_bytes())
        platform = {key: config[key] for key in ("architecture", "os", "variant") if key in config}
        plain = {key: self.top[key] for key in ("mediaType", "digest", "size")}
        return {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [{**plain, "platform": platform}]}


def read_image(layout: Path) -> Image:
    """Returns the image of a layout, after comparing the size of each blob with its descriptor.

    Raises:
        UsageError: if there is no layout.
        DataError: if a blob is missing or has another size.
    """
    if not (layout / "index.json").is_file():
        raise UsageError(
            f"there is no image layout {str(layout)!r}, or a run is writing it: build it with `snakemake oci` or "
            "`datacontainer pack FOLDER`, or name the folder of the results with --outdir"
        )
    (top,) = _index(layout)
    return _image(layout, top)


def read_referrers(layout: Path) -> Iterator[tuple[str, Descriptor, Image]]:
    """The referrers in a layout of attestations: the digest of the subject, the descriptor to list, the artifact."""
    for listed in _index(layout) if (layout / "index.json").is_file() else ():
        for descriptor in _value(_document(layout, listed))["manifests"]:
            artifact = _image(layout, descriptor)
            yield _value(artifact.documents[-1])["subject"]["digest"], descriptor, artifact


def _index(layout: Path) -> list[Descriptor]:
    return list(json.loads((layout / "index.json").read_bytes())["manifests"])


def _image(layout: Path, top: Descriptor) -> Image:
    documents, blobs = dict[str, Blob](), dict[str, BlobFile]()

    def collect(descriptor: Descriptor) -> None:
        document = _document(layout, descriptor)
        value = _value(document)
        for one in value.get("manifests", ()):
            collect(one)
        for one in [*([value["config"]] if "config" in value else []), *value.get("layers", ())]:
            blobs[one["digest"]] = _blob(layout, one)
        documents[descriptor["digest"]] = document

    collect(top)
    return Image(top, tuple(documents.values()), tuple(blobs.values()))


def _document(layout: Path, descriptor: Descriptor) -> Blob:
    return Blob(descriptor["mediaType"], _blob(layout, descriptor).path.read_bytes())


def _value(document: Blob) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(document.content)
    return value


def _blob(layout: Path, descriptor: Descriptor) -> BlobFile:
    path = layout / blob_path(descriptor["digest"])
    found = path.stat().st_size if path.is_file() else None
    if found != descriptor["size"]:
        state = "is missing" if found is None else f"has {found} bytes"
        raise DataError(
            f"{str(path)!r} {state}, but its descriptor has {descriptor['size']} bytes: it is damaged, or a run is "
            "writing it: run snakemake again"
        )
    return BlobFile(path, descriptor["digest"], descriptor["size"])
