"""Attest: documents about an image (attestations); a module for each kind of document."""

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
# The configuration keys that the provenance records because they determine the images.
RECORDED_KEYS = {
    "about",
    "commands",
    "compression",
    "digests",
    "exclude",
    "exclude_defaults",
    "labels",
    "mount",
    "name",
    "platforms",
    "shard_bytes",
    "shard_files",
    "standards",
    "symlinks",
    "version",
}
# The keys that do not determine the images, or that name files whose digests are recorded instead.
OMITTED_KEYS = {
    "after",
    "attest",
    "base",
    "dataset_metadata",
    "formats",
    "function_seconds",
    "metadata",
    "on_error",
} | {*("path", "push", "rescan", "sign", "stable", "template")}


def recipe(dataset: Dataset, sources: Mapping[str, str]) -> Recipe:
    """The recipe of a dataset's images; an empty recipe if no attestation is configured.

    sources: digests, in hex, of the code by its name.
    """
    if not dataset.attest:
        return Recipe((), "", ())
    values = {key: value for key, value in asdict(dataset).items() if key in RECORDED_KEYS}
    if dataset.exclude_defaults:
        # So that an image without such files keeps the document that earlier versions wrote.
        del values["exclude_defaults"]
    if not dataset.commands:
        del values["commands"]
    else:
        values["commands"] = {name: {**one, "program": None} for name, one in dataset.commands.items()}
    values["labels"] = dict(dataset.labels)
    for key, functions in (("metadata", dataset.metadata), ("dataset_metadata", dataset.dataset_metadata)):
        # A full path would disclose folders of the host; `sources` contains the digests of these files.
        values[key] = [function.rpartition("/")[2] for function in functions]
    return Recipe(dataset.attest, json.dumps(values, sort_keys=True), tuple(sorted(sources.items())))


def attestations(recipe: Recipe, *, layout: Path, summary: Path, binaries: Sequence[Path]) -> list[Attestation]:
    """The attestations that the recipe's claims list; the same images give the same bytes.

    summary: dataset.json. binaries: the entrypoint of each platform, in the order of the layout.
    """
    images = BuiltImages.read(recipe, layout, summary, binaries)
    return [made for name, one in DOCUMENTS.items() if name in recipe.claims for made in _made(one, images)]


def documents(recipe: Recipe, *, layout: Path, summary: Path, binaries: Sequence[Path]) -> dict[str, bytes]:
    """The documents about the layout's first platform, by file name; empty if no attestation is configured."""
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
