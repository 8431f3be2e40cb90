"""Attest: what can be said of an image and shown with it: how it was built, and what its binaries are made of.

Source: in-toto, spec/v1/statement.md; SLSA, provenance v1; CycloneDX 1.6.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from datacontainer.config.dataset import Dataset
from datacontainer.entrypoint.gobinary import GoBinary
from datacontainer.image.oci import Blob, blob_path

PROVENANCE, SBOM = "provenance", "sbom"
PROVENANCE_TYPE, SBOM_TYPE = "application/vnd.in-toto+json", "application/vnd.cyclonedx+json"
STATEMENT, PREDICATE = "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1"
# docs/reliability.md says what they stand for.
BUILD_TYPE, BUILDER = "urn:datacontainer:build:1", "urn:datacontainer:builder:self"
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
NOT_TOLD = {"attest", "dataset_metadata", "formats", "metadata", "path", "rescan", "sign", "template"}


class Recipe(NamedTuple):
    """What is known of a build beforehand: what to attest, the configuration, and digests of code by what it is.

    A tuple, as Snakemake notices no change of a parameter of a type that it does not know. parameters: JSON.
    """

    claims: tuple[str, ...]
    parameters: str
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Attestation:
    """A document and the descriptor of the manifest or index that it is about. file: its name."""

    file: str
    document: Blob
    subject: Mapping[str, Any]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class Manifests:
    """A layout's top descriptor, and the descriptors of its images by platform."""

    top: Mapping[str, Any]
    platforms: Mapping[str, Mapping[str, Any]]


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
    manifests, made = _manifests(layout), []
    entrypoints = {platform: GoBinary.read(path) for platform, path in zip(manifests.platforms, binaries, strict=True)}
    if PROVENANCE in recipe.claims:
        described = json.loads(summary.read_bytes())
        statement = _provenance(recipe, described, manifests, entrypoints)
        document = Blob.of(PROVENANCE_TYPE, statement)
        about = {"in-toto.io/predicate-type": PREDICATE}
        made.append(Attestation("provenance.json", document, manifests.top, about))
    for platform, binary in entrypoints.items() if SBOM in recipe.claims else ():
        document = Blob.of(SBOM_TYPE, _bill_of_materials(binary))
        file = f"sbom-{platform.replace('/', '-')}.json"
        made.append(
            Attestation(file, document, manifests.platforms[platform], {"org.opencontainers.image.title": file})
        )
    return made


def documents(recipe: Recipe, *, layout: Path, summary: Path, binaries: Sequence[Path]) -> dict[str, bytes]:
    """The documents that are about the layout's first platform, by file name; none where none is asked for."""
    if not recipe.claims:
        return {}
    made = attestations(recipe, layout=layout, summary=summary, binaries=binaries)
    about = (_manifests(layout).top, next(iter(_manifests(layout).platforms.values())))
    return {one.file: one.document.content for one in made if one.subject in about}


def _manifests(layout: Path) -> Manifests:
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


def _provenance(
    recipe: Recipe, described: Mapping[str, Any], manifests: Manifests, entrypoints: Mapping[str, GoBinary]
) -> dict[str, Any]:
    """The statement. It has no times, host or user: it says how the same images can be made again."""
    parameters = json.loads(recipe.parameters)
    name = f"{parameters['name']}:{parameters['version']}"
    subjects = {name: manifests.top["digest"]}
    if len(manifests.platforms) > 1:
        subjects |= {f"{name} for {platform}": one["digest"] for platform, one in manifests.platforms.items()}
    subjects |= {f"/entrypoint for {platform}": f"sha256:{binary.sha256}" for platform, binary in entrypoints.items()}
    versions = sorted({binary.go for binary in entrypoints.values()})
    materials = [("dataset", described["digest"]), *recipe.sources]
    return {
        "_type": STATEMENT,
        "subject": [{"name": of, "digest": _digest_set(digest)} for of, digest in subjects.items()],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": parameters,
                "resolvedDependencies": [
                    *({"name": what, "digest": _digest_set(digest)} for what, digest in materials),
                    *({"name": "go", "uri": f"pkg:generic/go@{version}"} for version in versions),
                ],
            },
            "runDetails": {"builder": {"id": BUILDER, "version": {"go": ", ".join(versions)}}},
        },
    }


def _digest_set(digest: str) -> dict[str, str]:
    return {"sha256": digest.removeprefix("sha256:")}


def _bill_of_materials(binary: GoBinary) -> dict[str, Any]:
    """What the binary says it was built of: Go's standard library, and what a user's template adds."""
    modules = {"std": binary.go, **dict(binary.modules)}
    components = [_component(name, version) for name, version in modules.items()]
    entrypoint = {
        "type": "application",
        "bom-ref": "entrypoint",
        "name": "entrypoint",
        "hashes": [{"alg": "SHA-256", "content": binary.sha256}],
        "properties": [{"name": f"go:{key}", "value": value} for key, value in binary.settings],
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": entrypoint},
        "components": components,
        "dependencies": [
            {"ref": "entrypoint", "dependsOn": [one["bom-ref"] for one in components]},
            *({"ref": one["bom-ref"]} for one in components),
        ],
    }


def _component(name: str, version: str) -> dict[str, str]:
    link = f"pkg:golang/{name}@{version}"
    return {"type": "library", "bom-ref": link, "name": name, "version": version, "purl": link}
