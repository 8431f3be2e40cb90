"""JSON schemas of the JSON files in an image layout, written from the OCI's image-spec 1.1.

Source: descriptor.md, image-layout.md, image-index.md, manifest.md, config.md, annotations.md.
"""

from typing import Any

Schema = dict[str, Any]

# RFC 6838, section 4.2.
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
TEXT: Schema = {"type": "string"}
MEDIA_TYPE: Schema = {"type": "string", "pattern": f"^{_NAME}/{_NAME}$"}
DIGEST: Schema = {
    "type": "string",
    "pattern": "^[a-z0-9]+([+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+$",
    "if": {"pattern": "^sha256:"},
    "then": {"pattern": "^sha256:[a-f0-9]{64}$"},
}
TEXTS: Schema = {"type": "array", "items": TEXT}
ANNOTATIONS: Schema = {"type": "object", "propertyNames": {"minLength": 1}, "additionalProperties": TEXT}
TIME: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
VERSION_2: Schema = {"const": 2}


def mapping(required: str, **properties: Schema) -> Schema:
    """An object with some required properties; the specification allows other properties."""
    return {"type": "object", "required": required.split(), "properties": properties}


def described(**more: Schema) -> Schema:
    """A descriptor with stricter schemas for some properties."""
    known: Schema = {
        "mediaType": MEDIA_TYPE,
        "digest": DIGEST,
        "size": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
        "urls": TEXTS,
        "annotations": ANNOTATIONS,
        "artifactType": MEDIA_TYPE,
        "data": {"type": "string", "contentEncoding": "base64"},
    }
    return mapping("mediaType digest size", **(known | more))


PLATFORM = mapping("os architecture", os=TEXT, architecture=TEXT, variant=TEXT, **{"os.version": TEXT})
LAYOUT = mapping("imageLayoutVersion", imageLayoutVersion={"const": "1.0.0"})
INDEX = mapping(
    "schemaVersion manifests",
    schemaVersion=VERSION_2,
    mediaType={"const": "application/vnd.oci.image.index.v1+json"},
    artifactType=MEDIA_TYPE,
    manifests={"type": "array", "items": described(platform=PLATFORM)},
    subject=described(),
    annotations=ANNOTATIONS,
)
MANIFEST = mapping(
    "schemaVersion config layers",
    schemaVersion=VERSION_2,
    mediaType={"const": "application/vnd.oci.image.manifest.v1+json"},
    artifactType=MEDIA_TYPE,
    config=described(),
    layers={"type": "array", "minItems": 1, "items": described()},
    subject=described(),
    annotations=ANNOTATIONS,
)
# An artifact with an empty config must have an artifactType.
MANIFEST["if"] = mapping(
    "config", config=mapping("mediaType", mediaType={"const": "application/vnd.oci.empty.v1+json"})
)
MANIFEST["then"] = {"required": ["artifactType"]}
RUNNING = mapping(
    "",
    User=TEXT,
    ExposedPorts={"type": "object"},
    Env={"type": "array", "items": {"type": "string", "pattern": "^[^=]+="}},
    Entrypoint=TEXTS,
    Cmd=TEXTS,
    Volumes={"type": "object"},
    WorkingDir=TEXT,
    Labels=ANNOTATIONS,
    StopSignal=TEXT,
)
CONFIG = mapping(
    "os architecture rootfs",
    os={"enum": ["linux"]},
    architecture={"enum": ["amd64", "arm64"]},
    created=TIME,
    author=TEXT,
    config=RUNNING,
    rootfs=mapping("type diff_ids", type={"const": "layers"}, diff_ids={"type": "array", "items": DIGEST}),
    history={
        "type": "array",
        "items": mapping("", created=TIME, created_by=TEXT, author=TEXT, comment=TEXT, empty_layer={"type": "boolean"}),
    },
)
BY_MEDIA_TYPE = {
    "application/vnd.oci.image.index.v1+json": INDEX,
    "application/vnd.oci.image.manifest.v1+json": MANIFEST,
    "application/vnd.oci.image.config.v1+json": CONFIG,
}
