"""The Dockerfile of an image, for those who build on it: `docker build` makes the same files from the same layers."""

import json
from pathlib import Path

import jinja2

from datacontainer.config.dataset import Identity
from datacontainer.image.labels import labels_of
from datacontainer.layers.compression import NONE, ZSTD
from datacontainer.runtime.outputs import write_bytes

# Docker sends the whole folder to its daemon but for what stands here.
IGNORE, IGNORE_ALL = b"*\n!oci/blobs/sha256/*\n", b"*\n"


def write_dockerfile(
    identity: Identity, template: Path, layout: Path, summary: Path, dockerfile: Path, *, compression: str = NONE
) -> None:
    """Writes the Dockerfile beside the layout, and the .dockerignore that goes with it.

    compression: of the layers. `docker build` unpacks a tar, also one in gzip's form, and copies one in zstd's form as
    it is: the Dockerfile then begins with the image, which has to be loaded.
    """
    image = json.loads((layout / "manifest.json").read_bytes())[0]
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    environment.filters["docker_string"] = docker_string
    text = environment.from_string(template.read_text(encoding="utf-8")).render(
        name=identity.name,
        version=identity.version,
        layers=[] if compression == ZSTD else [f"{layout.name}/{layer}" for layer in image["Layers"]],
        labels=labels_of(identity, json.loads(summary.read_bytes())),
    )
    write_bytes(dockerfile.with_name(".dockerignore"), IGNORE_ALL if compression == ZSTD else IGNORE)
    write_bytes(dockerfile, text.encode())


def docker_string(text: str) -> str:
    """The text in a Dockerfile's double quotes, which cannot hold a line's end: it becomes a blank."""
    escaped = " ".join(text.splitlines())
    for character in '\\"$':
        escaped = escaped.replace(character, "\\" + character)
    return f'"{escaped}"'
