"""The provenance: an in-toto statement about how the images were built.

Source: in-toto, spec/v1/statement.md; SLSA, provenance v1.
"""

import json
from typing import Any

from datacontainer import __version__
from datacontainer.image.built import BuiltImages, Document

STATEMENT, PREDICATE = "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1"
# docs/reliability.md defines both names.
BUILD_TYPE, BUILDER = "urn:datacontainer:build:1", "urn:datacontainer:builder:self"


def provenance(images: BuiltImages) -> dict[str, Any]:
    """The statement: the inputs from which the same images can be built again; without times, host or user."""
    recipe, manifests, entrypoints = images.recipe, images.manifests, images.entrypoints
    parameters = json.loads(recipe.parameters)
    name = f"{parameters['name']}:{parameters['version']}"
    subjects = {name: manifests.top["digest"]}
    if len(manifests.platforms) > 1:
        subjects |= {f"{name} for {platform}": one["digest"] for platform, one in manifests.platforms.items()}
    subjects |= {f"/entrypoint for {platform}": f"sha256:{binary.sha256}" for platform, binary in entrypoints.items()}
    versions = sorted({binary.go for binary in entrypoints.values()})
    materials = [("dataset", images.described["digest"]), *recipe.sources]
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
                    {"name": "datacontainer", "uri": f"pkg:generic/datacontainer@{__version__}"},
                    *({"name": "go", "uri": f"pkg:generic/go@{version}"} for version in versions),
                ],
            },
            "runDetails": {"builder": {"id": BUILDER, "version": {"go": ", ".join(versions)}}},
        },
    }


def _digest_set(digest: str) -> dict[str, str]:
    return {"sha256": digest.removeprefix("sha256:")}


PROVENANCE = Document(
    name="provenance",
    media_type="application/vnd.in-toto+json",
    file="provenance.json",
    make=provenance,
    annotations={"in-toto.io/predicate-type": PREDICATE},
)
