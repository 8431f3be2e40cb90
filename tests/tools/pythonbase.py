"""A base with Python, and one with Snakemake too, made of the Python and the packages that run the tests."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from packaging.requirements import Requirement

from tools.bases import Base
from tools.engines import require_tool
from tools.workflow import ROOT

LIBRARY = f"usr/lib/python{sys.version_info.major}.{sys.version_info.minor}"
# Parts of Python and of packages that the tests do not use, several hundred MB.
LEFT_OUT = re.compile(
    r"(^|/)(__pycache__|(site|dist)-packages|tests?|idlelib|ensurepip|lib2to3|tkinter|turtledemo|solverdir|config-3.*)/"
    r"|_tkinter|\.a$"
)
SHARED_OBJECT = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x", re.MULTILINE)
MULTIARCH = sysconfig.get_config_var("MULTIARCH")
PROGRAMS = ("env", "bash")
PLATFORMS = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}


def make_bases(path: Path, scratch: Path) -> None:
    """Writes an image layout with the images `python` and `snakemake`; the second has one more layer."""
    _python(scratch / "python")
    for name in sorted(_required("snakemake", set())):
        _add_package(name, scratch / "packages" / LIBRARY / "site-packages")
    _add_libraries(list(scratch.rglob("*.so")), scratch / "packages")
    tars = [_tar(scratch / "python"), _tar(scratch / "packages")]
    base, platform = Base(path), PLATFORMS[os.uname().machine]
    tops = []
    for number, name in enumerate(("python", "snakemake"), 1):
        one = base.image(platform, tars[:number], "none", Env=["PATH=/usr/bin"])
        tops.append(one | {"annotations": {"org.opencontainers.image.ref.name": name}})
    base.finish(*tops)


def make_rules_image(root: Path) -> None:
    """Fills the root folder of an image in which jobs of the workflow run: Python, its packages of a run, and Go."""
    _python(root)
    (root / "usr/bin/python").symlink_to("python3")
    packages = root / LIBRARY / "site-packages"
    found: set[str] = set()
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if not line.startswith(("#", "snakemake", "pygments")):
            _required(line.partition("==")[0], found)
    for name in sorted(found):
        _add_package(name, packages)
    (root / "usr/bin/go").symlink_to(f"/{LIBRARY}/site-packages/go/bin/go")
    _add_libraries(list(packages.rglob("*.so*")), root)


def _python(root: Path) -> None:
    """Fills a folder with Python, its library, and the programs that start it."""
    (root / "usr/bin").mkdir(parents=True)
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "usr/lib64").mkdir()
    for folder in ("tmp", "proc", "sys", "dev", "etc"):
        (root / folder).mkdir()
    interpreter = os.path.realpath(sys._base_executable)
    found = {"python3": interpreter, **{name: require_tool(name) for name in PROGRAMS}}
    for name, program in found.items():
        shutil.copy(program, root / "usr/bin" / name)
    (root / "usr/bin/sh").symlink_to("bash")
    library = Path(sysconfig.get_path("stdlib"))
    _copy([one for one in library.rglob("*") if one.is_file()], library, root / LIBRARY)
    _add_libraries([*map(Path, found.values()), *(root / LIBRARY).rglob("*.so")], root)


def _copy(files: Sequence[Path], below: Path, folder: Path) -> None:
    for file in files:
        name = file.relative_to(below)
        if not LEFT_OUT.search(str(name)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder / name)


def _add_libraries(objects: Sequence[Path], root: Path) -> None:
    """Copies the shared libraries of programs and modules to the folders in which Debian's loader looks for them."""
    listed = subprocess.run(["ldd", *objects], capture_output=True, text=True, check=False).stdout
    for found in sorted(set(SHARED_OBJECT.findall(listed))):
        known = found.removeprefix("/usr").startswith(("/lib/", "/lib64/"))
        place = found.removeprefix("/usr")[1:] if known else f"lib/{MULTIARCH}/{os.path.basename(found)}"
        target = root / "usr" / place
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(found, target)


def _required(name: str, known: set[str]) -> set[str]:
    """The names of a package and of all packages that it needs."""
    plain = re.sub(r"[-_.]+", "-", name).lower()
    if plain not in known:
        known.add(plain)
        for text in importlib.metadata.requires(name) or ():
            one = Requirement(text)
            if one.marker is None or one.marker.evaluate({"extra": ""}):
                _required(one.name, known)
    return known


def _add_package(name: str, folder: Path) -> None:
    package = importlib.metadata.distribution(name)
    root = Path(str(package.locate_file("")))
    _copy(list(_files(package, root)), root, folder)


def _files(package: importlib.metadata.Distribution, root: Path) -> Iterator[Path]:
    for one in package.files or ():
        path = Path(str(package.locate_file(one)))
        if ".." not in one.parts and path.is_file() and path.is_relative_to(root):
            yield path


def _tar(root: Path) -> bytes:
    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        return member

    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for one in sorted(root.iterdir()):
            tar.add(one, one.name, filter=plain)
    return buffer.getvalue()
