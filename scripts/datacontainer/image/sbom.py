"""The bill of materials (SBOM) of an entrypoint. Source: CycloneDX 1.6."""

from typing import Any

from datacontainer.image.built import BuiltImages, Document


def bill_of_materials(image: BuiltImages) -> dict[str, Any]:
    """The SBOM of a platform's entrypoint: Go's standard library and modules, from the binary's build information."""
    (binary,) = image.entrypoints.values()
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


SBOM = Document(
    name="sbom",
    media_type="application/vnd.cyclonedx+json",
    file="sbom-{platform}.json",
    make=bill_of_materials,
)
