"""The images of a dataset with their digests, read from the finished files, and the commands that run the images."""

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datacontainer.config.formats import FORMATS, LAYOUT, Command, Format
from datacontainer.image.oci import blob_path

# Takes a second to read. For a larger SIF, the report has a `sha256sum` command.
LARGEST_HASHED_BYTES = 1 << 30
# The commands for an image in a registry. {reference}: its tag. {layout}: the folder of the layout.
REGISTRY = (
    Command("pull the image from the registry", "docker pull {reference}"),
    Command("copy the files from the registry to ./out, without Docker", "datacontainer get {reference} --output out"),
    Command("list the files in the registry", "datacontainer ls {reference}"),
    Command("compare the image in the registry with this one", "datacontainer diff {reference} {layout}"),
    Command("list the images of all pushes, and the commands that compare them", "datacontainer history {reference}"),
)


@dataclass(frozen=True)
class Image:
    """The image of one platform; id: the digest of its config blob."""

    platform: str
    manifest: str
    id: str
    layers: int
    size_bytes: int
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Package:
    """The file of an image format; sha256 is None if the blobs' digests cover the file, or if the file is too large."""

    name: str
    size_bytes: int
    sha256: str | None = None


def read_images(layout: Path) -> list[Image]:
    """Returns the images of a layout, in the order of the platforms."""
    top = json.loads((layout / "index.json").read_bytes())["manifests"][0]["digest"]
    return [_image(layout, digest) for digest in _manifests(layout, top)]


def package(image_format: Format, image: Path, largest_hashed_bytes: int = LARGEST_HASHED_BYTES) -> Package:
    """Returns the size of an image's file, and its sha256 unless the file only packs the blobs of the layout."""
    size_bytes = image.stat().st_size
    if not image_format.own_data or size_bytes > largest_hashed_bytes:
        return Package(image.name, size_bytes)
    with open(image, "rb") as file:
        return Package(image.name, size_bytes, hashlib.file_digest(file, "sha256").hexdigest())


def commands(
    tag: str, mount: str, layout: str, packages: Mapping[str, Package], reference: str | None = None
) -> Iterator[Command]:
    """Yields the commands to paste into a shell, in the folder of the images.

    tag: as in fruit:1.0. layout: the name of the layout's folder. packages: by format name. reference: of the image in
    a registry, without asking the registry.
    """
    for one in map(FORMATS.__getitem__, packages):
        file = packages[one.name].name
        yield from one.commands_for(Path(file), tag, mount)
        if one.own_data and packages[one.name].sha256 is None:
            yield Command(f"compute the sha256 of the {one.title}", f"sha256sum {file}")
    yield from LAYOUT.commands_for(Path(layout), tag, mount)
    if reference:
        values = {"reference": shlex.quote(reference), "layout": shlex.quote(layout)}
        yield from (Command(purpose, line.format(**values)) for purpose, line in REGISTRY)


def _manifests(layout: Path, digest: str) -> list[str]:
    """Returns the digests of the platforms' manifests: those in an index, or `digest` if it is a manifest's."""
    top = _blob(layout, digest)
    return [one["digest"] for one in top["manifests"]] if "manifests" in top else [digest]


def _image(layout: Path, digest: str) -> Image:
    manifest = _blob(layout, digest)
    config = _blob(layout, manifest["config"]["digest"])
    return Image(
        platform=f"{config['os']}/{config['architecture']}",
        manifest=digest,
        id=manifest["config"]["digest"],
        layers=len(manifest["layers"]),
        size_bytes=sum(layer["size"] for layer in manifest["layers"]),
        labels=config["config"].get("Labels", {}),
    )


def _blob(layout: Path, digest: str) -> Any:
    return json.loads((layout / blob_path(digest)).read_bytes())
