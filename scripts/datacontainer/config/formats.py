"""The image formats: the files of each, the stage that makes them, and the commands that run the image.

A new format is a module that writes it, one that verifies it, a rule, its name in the schema, and a Format here.
"""

import importlib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, NamedTuple


class Command(NamedTuple):
    """Something to do with an image, and the line for a shell.

    The line may hold {file}, the product (for `oci` the layout's folder), {tag}, as in fruit:1.0, {mount}, and {bind},
    Apptainer's option that mounts the data.
    """

    purpose: str
    line: str


@dataclass(frozen=True)
class Format:
    """An image format.

    name: as in `formats` of the configuration. title: as messages call it. stage: the rule that makes it, whose seal
    has the same name. files: what the stage makes, in the dataset's folder, the product first; with {name}.
    verifier: MODULE:FUNCTION; the function takes the product and a verify.expected.Expected, notes differences, and
    returns the format's part of the report. The layout needs none: it is compared before the others.
    commands: the first `next_steps` of them are shown at the end of a run, and all in a report.
    notes: a comment for the first command, by the compression that needs it.
    own_data: it holds the data in another form than the layout, so that no digest of a blob covers it.
    """

    name: str
    title: str
    stage: str
    files: tuple[str, ...]
    commands: tuple[Command, ...]
    verifier: str = ""
    next_steps: int = 0
    notes: Mapping[str, str] = field(default_factory=dict)
    own_data: bool = False

    def load_verifier(self) -> Callable[..., dict[str, Any]]:
        """The verifier, which is imported now."""
        module, _, function = self.verifier.partition(":")
        verifier: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), function)
        return verifier

    def filled(self, file: PurePath, tag: str, mount: str) -> list[Command]:
        """The commands for an image; all that a shell would take apart is quoted."""
        values = {"file": str(file), "tag": tag, "mount": mount, "bind": f"{file}:{mount}:image-src={mount}"}
        quoted = {key: shlex.quote(value) for key, value in values.items()}
        return [Command(purpose, line.format(**quoted)) for purpose, line in self.commands]


LAYOUT = Format(
    name="oci",
    title="layout",
    stage="assemble",
    files=("oci/index.json", "oci/manifest.json", "oci/oci-layout", "Dockerfile", ".dockerignore"),
    commands=(
        Command("show the image's properties", "skopeo inspect oci:{file}"),
        Command("push the image to a registry", "skopeo copy --all oci:{file} docker://REGISTRY/{tag}"),
    ),
)
ARCHIVE = Format(
    name="docker",
    title="archive",
    stage="assemble_archive",
    files=("{name}.docker.tar",),
    commands=(
        Command("load the image into Docker", "docker load -i {file}"),
        Command("list the files with Docker", "docker run --rm {tag}"),
        Command(
            "copy the files to ./out with Docker",
            'mkdir -p out && docker run --rm --user "$(id -u):$(id -g)" -v "$PWD/out:/out" {tag} -export /out',
        ),
        Command(
            "copy the files to ./out with rootless Podman",
            'mkdir -p out && podman run --rm -v "$PWD/out:/out" {tag} -export /out',
        ),
    ),
    verifier="datacontainer.verify.archive:verify_archive",
    next_steps=2,
    notes={"zstd": "Docker 23 or later: the layers are compressed with zstd"},
)
SIF = Format(
    name="sif",
    title="SIF",
    stage="convert",
    files=("{name}.sif",),
    commands=(
        Command("list the files with Apptainer", "apptainer run {file}"),
        Command(
            "copy the files to ./out with Apptainer",
            'mkdir -p out && apptainer run --bind "$PWD/out:/out" {file} -export /out',
        ),
        Command("bind the files into another container", "apptainer exec --bind {bind} OTHER.sif ls {mount}"),
    ),
    verifier="datacontainer.verify.sif:verify_sif",
    next_steps=1,
    own_data=True,
)

# All are made from the layout, which is there in any case.
FORMATS: dict[str, Format] = {one.name: one for one in (LAYOUT, ARCHIVE, SIF)}


def product_of(name: str, image_format: str) -> str:
    """The file to give away, in the dataset's folder; `name` may be a wildcard, as in {dataset}."""
    return files_of(name, image_format)[0]


def files_of(name: str, image_format: str) -> list[str]:
    """All files that the format's stage makes, the product first, in the dataset's folder."""
    return [file.format(name=name) for file in FORMATS[image_format].files]
