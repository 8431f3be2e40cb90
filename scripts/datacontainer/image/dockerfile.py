"""The Dockerfile of an image: users can extend it; `docker build` creates the same files from the same layers."""

import json
from pathlib import Path

import jinja2

from datacontainer.config.dataset import Identity
from datacontainer.image.labels import labels_of
from datacontainer.layers.compression import NONE, ZSTD
from datacontainer.runtime.outputs import write_bytes

# Docker sends the whole folder to its daemon, except the files listed in .dockerignore.
IGNORE, IGNORE_ALL = b"*\n!oci/blobs/sha256/*\n", b"*\n"


def write_dockerfile(
    identity: Identity,
    template: Path,
    layout: Path,
    summary: Path,
    dockerfile: Path,
    *,
    compression: str = NONE,
    extends: str = "",
) -> None:
    """Writes the Dockerfile and its .dockerignore next to the layout.

    compression: of the layers. `docker build` unpacks tars that are uncompressed or compressed with gzip, but not with
    zstd: for zstd, the Dockerfile starts from the image, which must be loaded before. extends: another reason for this,
    such as layers of a base, whose whiteouts ADD does not apply.
    """
    if compression == ZSTD:
        extends = "its layers are compressed with zstd, which ADD cannot unpack"
    image = json.loads((layout / "manifest.json").read_bytes())[0]
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    environment.filters["docker_string"] = docker_string
    text = environment.from_string(template.read_text(encoding="utf-8")).render(
        name=identity.name,
        version=identity.version,
        extends=extends,
        layers=[] if extends else [f"{layout.name}/{layer}" for layer in image["Layers"]],
        labels=labels_of(identity, json.loads(summary.read_bytes())),
    )
    write_bytes(dockerfile.with_name(".dockerignore"), IGNORE_ALL if extends else IGNORE)
    write_bytes(dockerfile, text.encode())


def docker_string(text: str) -> str:
    """The text in double quotes for a Dockerfile; line breaks, which cannot be quoted, become spaces."""
    escaped = " ".join(text.splitlines())
    for character in '\\"$':
        escaped = escaped.replace(character, "\\" + character)
    return f'"{escaped}"'
