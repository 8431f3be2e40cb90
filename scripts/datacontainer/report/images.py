"""The images of a dataset with their digests, as the finished files have them, and the commands that run them."""

import hashlib
import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.image.oci import blob_path

# A second of reading; of a larger SIF, `sha256sum` is left to who needs it.
LARGEST_HASHED_BYTES = 1 << 30


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
    """A file with an image in it; sha256 is None where it is too large to be read for a report."""

    name: str
    size_bytes: int
    sha256: str | None = None


class Command(NamedTuple):
    """Something to do with the images, in the folder that they are in."""

    purpose: str
    line: str


def read_images(layout: Path) -> list[Image]:
    """The images of a layout, the first platform's first."""
    top = json.loads((layout / "index.json").read_bytes())["manifests"][0]["digest"]
    return [_image(layout, digest) for digest in _manifests(layout, top)]


def archive_package(archive: Path) -> Package:
    """The archive for `docker load`, which is another packing of the same blobs: their digests are its own."""
    return Package(archive.name, archive.stat().st_size)


def sif_package(sif: Path, largest_hashed_bytes: int = LARGEST_HASHED_BYTES) -> Package:
    """The SIF."""
    size_bytes = sif.stat().st_size
    if size_bytes > largest_hashed_bytes:
        return Package(sif.name, size_bytes)
    with open(sif, "rb") as file:
        return Package(sif.name, size_bytes, hashlib.file_digest(file, "sha256").hexdigest())


def commands(tag: str, mount: str, layout: str, archive: Package | None, sif: Package | None) -> Iterator[Command]:
    """What to paste into a shell. tag: as in fruit:1.0. layout: the name of its folder."""
    if archive is not None:
        yield Command("load it into Docker", f"docker load -i {archive.name}")
        yield Command("list the files with Docker", f"docker run --rm {tag}")
        yield Command("copy them out with Docker", f'docker run --rm -v "$PWD/out:/out" {tag} -export /out')
    if sif is not None:
        inside = shlex.quote(mount)
        yield Command("list the files with Apptainer", f"apptainer run {sif.name}")
        bind = shlex.quote(f"{sif.name}:{mount}:image-src={mount}")
        yield Command("give the files to another container", f"apptainer exec --bind {bind} OTHER.sif ls {inside}")
        if sif.sha256 is None:
            yield Command("compute the digest of the SIF", f"sha256sum {sif.name}")
    yield Command("look at the layout", f"skopeo inspect oci:{layout}")
    yield Command("push it to a registry", f"skopeo copy --all oci:{layout} docker://REGISTRY/{tag}")


def _manifests(layout: Path, digest: str) -> list[str]:
    """The digests of the platforms' manifests: those in an index, or the one that there is."""
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
