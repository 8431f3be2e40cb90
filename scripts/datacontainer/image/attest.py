"""Attest: what can be said of an image and shown with it, by one kind of document each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from datacontainer.config.dataset import Dataset
from datacontainer.image.built import Attestation, BuiltImages, Document, Recipe, read_manifests
from datacontainer.image.oci import Blob
from datacontainer.image.provenance import PROVENANCE
from datacontainer.image.sbom import SBOM

DOCUMENTS: dict[str, Document] = {one.name: one for one in (PROVENANCE, SBOM)}
TITLE = "org.opencontainers.image.title"
# The keys that decide the images, and those that do not, or whose files are told of by their digests.
TOLD = {
    "compression",
    "digests",
    "exclude",
    "labels",
    "mount",
    "name",
    "platforms",
    "shard_bytes",
    "shard_files",
    "symlinks",
    "version",
}
NOT_TOLD = {"after", "attest", "dataset_metadata", "formats", "metadata", "path", "rescan", "sign", "template"}


def recipe(dataset: Dataset, sources: Mapping[str, str]) -> Recipe:
    """The recipe of a dataset's images, the same for all datasets that ask for no attestation.

    sources: digests, in hex, of the code by what it is.
    """
    if not dataset.attest:
        return Recipe((), "", ())
    values = {key: value for key, value in asdict(dataset).items() if key in TOLD}
    values["labels"] = dict(dataset.labels)
    for key, functions in (("metadata", dataset.metadata), ("dataset_metadata", dataset.dataset_metadata)):
        # A path would tell where they lie; their content is among the sources.
        values[key] = [function.rpartition("/")[2] for function in functions]
    return Recipe(dataset.attest, json.dumps(values, sort_keys=True), tuple(sorted(sources.items())))


def attestations(recipe: Recipe, *, layout: Path, summary: Path, binaries: Sequence[Path]) -> list[Attestation]:
    """What the recipe's claims ask for, the same bytes for the same images.

    summary: dataset.json. binaries: the entrypoint of each platform, in the order of the layout.
    """
    images = BuiltImages.read(recipe, layout, summary, binaries)
    return [made for name, one in DOCUMENTS.items() if name in recipe.claims for made in _made(one, images)]


def documents(recipe: Recipe, *, layout: Path, summary: Path, binaries: Sequence[Path]) -> dict[str, bytes]:
    """The documents that are about the layout's first platform, by file name; none where none is asked for."""
    if not recipe.claims:
        return {}
    made = attestations(recipe, layout=layout, summary=summary, binaries=binaries)
    manifests = read_manifests(layout)
    about = (manifests.top, next(iter(manifests.platforms.values())))
    return {one.file: one.document.content for one in made if one.subject in about}


def _made(kind: Document, images: BuiltImages) -> Iterator[Attestation]:
    parts = {"": images}
    if "{platform}" in kind.file:
        parts = {platform.replace("/", "-"): images.only(platform) for platform in images.entrypoints}
    for platform, part in parts.items():
        file = kind.file.format(platform=platform)
        document = Blob.of(kind.media_type, kind.make(part))
        yield Attestation(file, document, part.manifests.top, kind.annotations or {TITLE: file})
