"""Types of the attestations, and of the images that attestations describe."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.entrypoint.gobinary import GoBinary
from datacontainer.image.oci import Blob, blob_path


class Recipe(NamedTuple):
    """The inputs of a build: the attestations to write, the configuration, and the digests of the code.

    claims: the names of attestations. parameters: the configuration as JSON. sources: names and sha256 of the code.
    """

    claims: tuple[str, ...]
    parameters: str
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Manifests:
    """A layout's top descriptor, and the descriptors of its images by platform."""

    top: Mapping[str, Any]
    platforms: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class BuiltImages:
    """The images of a layout. described: dataset.json. entrypoints: by platform, in the order of the layout."""

    recipe: Recipe
    described: Mapping[str, Any]
    manifests: Manifests
    entrypoints: Mapping[str, GoBinary]

    @classmethod
    def read(cls, recipe: Recipe, layout: Path, summary: Path, binaries: Sequence[Path]) -> "BuiltImages":
        """The images of a layout. binaries: the entrypoint of each platform, in the order of the layout."""
        manifests = read_manifests(layout)
        entrypoints = zip(manifests.platforms, map(GoBinary.read, binaries), strict=True)
        return cls(recipe, json.loads(summary.read_bytes()), manifests, dict(entrypoints))

    def only(self, platform: str) -> "BuiltImages":
        """The image of one platform, with its manifest as the top descriptor."""
        one = self.manifests.platforms[platform]
        return replace(
            self, manifests=Manifests(one, {platform: one}), entrypoints={platform: self.entrypoints[platform]}
        )


@dataclass(frozen=True)
class Document:
    """A kind of document about images. Each kind has a module; attest.py lists all kinds.

    name: in the configuration's `attest`. file: name of the file; {platform} in the name gives a file per platform.
    make: returns the JSON value, the same value for the same images, without times, host or user.
    annotations: of the referrer; if empty, the referrer is annotated with the file's name.
    """

    name: str
    media_type: str
    file: str
    make: Callable[[BuiltImages], Any]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attestation:
    """A document and its subject: the descriptor of a manifest or index. file: name of the document's file."""

    file: str
    document: Blob
    subject: Mapping[str, Any]
    annotations: Mapping[str, str]


def read_manifests(layout: Path) -> Manifests:
    """The descriptors of a layout's index and manifests, without annotations."""
    (top,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    plain = {key: top[key] for key in ("mediaType", "digest", "size")}
    content = json.loads((layout / blob_path(top["digest"])).read_bytes())
    if "manifests" not in content:
        config = json.loads((layout / blob_path(content["config"]["digest"])).read_bytes())
        return Manifests(plain, {f"{config['os']}/{config['architecture']}": plain})
    platforms = {}
    for one in content["manifests"]:
        platform = one.pop("platform")
        platforms[f"{platform['os']}/{platform['architecture']}"] = one
    return Manifests(plain, platforms)
