"""The image formats: the files of each format, the stage that creates them, and the commands that run the image.

A new format needs a module that writes it, a module that verifies it, a rule, a name in the schema, and a Format here.
"""

import importlib
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, NamedTuple


class Command(NamedTuple):
    """A purpose, and the shell command that serves it.

    line: the command, with the placeholders {file} (the product; for `oci` the layout's folder), {tag} (such as
    fruit:1.0), {name} (of the dataset), {mount}, {bind} and {data} (the arguments of Apptainer's --bind and of
    SingularityCE's --data that mount the data).
    """

    purpose: str
    line: str


@dataclass(frozen=True)
class Format:
    """An image format.

    name: the word in `formats` of the configuration. title: the format's name in messages. stage: the rule that creates
    the image; its seal has the name of the rule. files: the paths of the stage's output files in the dataset's results
    folder, the product first; {name} is the dataset's name. verifier: MODULE:FUNCTION; the function takes the product
    and a verify.expected.Expected, records differences, and returns the format's part of the report. The layout has no
    verifier, as it is verified before the other formats. commands: a report shows all, and the end of a run the first
    `next_steps`. notes: comments for the first command, by compression. own_data: the image contains a copy of the data
    in a different form than the layout's blobs, so that no digest of a blob covers the copy. hidden: folders of the
    image over which the format's engine binds folders of the machine.
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
    hidden: tuple[str, ...] = ()

    def hides(self, mount: str) -> bool:
        """Whether the format's engine hides files at the mount."""
        return any(f"{mount}/".startswith(f"{one}/") or one.startswith(f"{mount}/") for one in self.hidden)

    def load_verifier(self) -> Callable[..., dict[str, Any]]:
        """Imports and returns the verifier."""
        module, _, function = self.verifier.partition(":")
        verifier: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), function)
        return verifier

    def commands_for(self, file: PurePath, tag: str, mount: str) -> list[Command]:
        """Returns the commands for an image, with the placeholders replaced by values that are quoted for a shell."""
        values = {
            "file": str(file),
            "tag": tag,
            "name": tag.rpartition(":")[0],
            "mount": mount,
            "bind": f"{file}:{mount}:image-src={mount}",
            "data": f"{file}:{mount}",
        }
        quoted = {key: shlex.quote(value) for key, value in values.items()}
        return [Command(purpose, line.format(**quoted)) for purpose, line in self.commands]


LAYOUT = Format(
    name="oci",
    title="layout",
    stage="assemble",
    files=("oci/index.json", "oci/manifest.json", "oci/oci-layout", "Dockerfile", ".dockerignore"),
    commands=(
        Command("list the files with Podman", "podman run --rm oci:{file}"),
        Command("show the image's properties", "skopeo inspect oci:{file}"),
        Command("push the image to a registry", "datacontainer push {name} REGISTRY/{tag} --outdir .."),
    ),
    next_steps=2,
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
    # The home folder, which is somewhere below /home or /root for most users, and `mount tmp` in apptainer.conf.
    hidden=("/home", "/root", "/tmp", "/var/tmp"),
)
OCI_SIF = Format(
    name="oci-sif",
    title="OCI-SIF",
    stage="convert_oci",
    files=("{name}.oci.sif",),
    commands=(
        Command(
            "mount the files in another container with SingularityCE",
            "singularity exec --oci --data {data} OTHER.oci.sif ls {mount}",
        ),
        Command("push the OCI-SIF to a registry", "singularity push {file} docker://REGISTRY/{tag}-oci-sif"),
    ),
    verifier="datacontainer.verify.ocisif:verify_oci_sif",
    next_steps=1,
    own_data=True,
)

# The other formats are made from the layout, which every run with images builds.
FORMATS: dict[str, Format] = {one.name: one for one in (LAYOUT, ARCHIVE, SIF, OCI_SIF)}


def product_of(name: str, image_format: str) -> str:
    """Path of a format's product in the dataset's results folder. name: the dataset's name, or a wildcard."""
    return files_of(name, image_format)[0]


def files_of(name: str, image_format: str) -> list[str]:
    """Paths of all files that a format's stage creates, in the dataset's results folder; the product is the first."""
    return [file.format(name=name) for file in FORMATS[image_format].files]
