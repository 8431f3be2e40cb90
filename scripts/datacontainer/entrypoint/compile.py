"""Compile: static Go binaries, the same bytes from the same source on any machine."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from datacontainer.entrypoint.gobuild import go_build, host_architecture
from datacontainer.entrypoint.names import BESIDE
from datacontainer.runtime.logs import finished
from datacontainer.runtime.outputs import completed, link_or_copy

# How the names of the packer's sources begin: its own module, and the packages of the entrypoint's that it shares.
PACKER_MODULES = (
    "packer/",
    "templates/entrypoint/go.mod",
    "templates/entrypoint/blake3/",
    "templates/entrypoint/digest/",
    "templates/entrypoint/progress/",
)


def compile_entrypoint(folder: Path, binary: Path, platform: str, cache: Path) -> None:
    """Compiles the rendered module in `folder` for a platform such as linux/amd64.

    An index that is too large to be part of the binary comes to lie beside it.

    Raises:
        MissingToolError: without Go.
        DataContainerError: with the compiler's message.
    """
    goos, goarch = platform.split("/")
    with completed(binary) as partial:
        go_build(folder, partial, goos, goarch, cache)
    index = folder / BESIDE
    if index.exists():
        link_or_copy(index, binary.with_name(BESIDE))
    finished(1, binary.stat().st_size)


def compile_packer(sources: Sequence[Path], binary: Path, cache: Path) -> None:
    """Compiles the packer for this machine.

    sources: the files that PACKER_MODULES names, packer/go.mod first. They are built in a copy, as their folder may be
    read-only, with the same places relative to each other, by which one module finds the other.
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
