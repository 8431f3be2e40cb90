"""Compile: static Go binaries, the same bytes from the same source on any machine."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from datacontainer.entrypoint.gobuild import go_build, host_architecture
from datacontainer.entrypoint.names import BESIDE
from datacontainer.runtime.logs import finished
from datacontainer.runtime.outputs import completed, link_or_copy


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


def compile_packer(module: Sequence[Path], binary: Path, cache: Path) -> None:
    """Compiles the packer for this machine from the files of its module, go.mod first."""
    with tempfile.TemporaryDirectory() as folder:
        for source in module:
            target = Path(folder) / source.relative_to(module[0].parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        with completed(binary) as partial:
            go_build(Path(folder), partial, "linux", host_architecture(), cache)
    finished(1, binary.stat().st_size)
