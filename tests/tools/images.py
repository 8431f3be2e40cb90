"""Images of two datasets, built once by the workflow, and functions that list the expected content of images."""

import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import pytest

from tools.shared import once
from tools.trees import ODD_NAMES, fill
from tools.workflow import ROOT, Project

LARGE = bytes(range(256)) * 1500
# A path of 60 nested folders with 3,664 bytes.
# The longest path that scan accepts: 3,839 bytes.
DEEP = b"/".join([b"deep" * 15] * 60) + b"/" + b"f" * 179


class Entry(NamedTuple):
    """A path's mode, with the file type, and the content of a file or the target of a symlink."""

    mode: int
    content: bytes


@pytest.fixture(scope="session")
def images() -> Project:
    """The datasets `fruit` and `odd`, in folders with these names, and all their images."""

    def make(folder: Path) -> None:
        project = Project(folder)
        fill(folder / "fruit", fruit_files())
        fill_odd(folder / "odd")
        labels = {"license": "CC0-1.0", "authors": 'A. "Green" Gardener'}
        project.configure(
            fruit={"path": "fruit", "version": "1.0", "labels": labels},
            odd={"path": "odd", "version": "2.0", "platforms": ["linux/amd64", "linux/arm64"]},
        )
        with umask(0o022):
            project.build()

    return Project(once("project", make))


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Files that are created in the block do not get the permissions in `mask`."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def fruit_files() -> dict[bytes, bytes]:
    """The example's files by name."""
    return {os.fsencode(path.name): path.read_bytes() for path in (ROOT / "examples/fruit").iterdir()}


def fill_odd(folder: Path) -> None:
    """Fills a folder with everything that a dataset may contain, and with modes that images do not keep."""
    folder.mkdir()
    fill(folder, {name: name for name in ODD_NAMES} | {b"sub/" + name: b"" for name in ODD_NAMES})
    fill(folder, {b"run.sh": b"#!/bin/sh\n", b"empty": b"", b"large": LARGE, b"sub/one": b"1"})
    (folder / "void").mkdir(mode=0o700)
    (folder / "link").symlink_to("sub")
    (folder / "sub/up").symlink_to("../run.sh")
    (folder / "run.sh").chmod(0o711)
    (folder / "empty").chmod(0o400)
    (folder / "sub").chmod(0o2775)
    fill(folder, {b"old": b"", b"new": b"", b"setuid": b"", DEEP: b"60 levels"})
    (folder / "hard").hardlink_to(folder / "sub/one")
    (folder / "setuid").chmod(0o6644)
    os.utime(folder / "old", (-1_000_000_000, -1_000_000_000))
    os.utime(folder / "new", (5_000_000_000, 5_000_000_000))
    (folder / "sparse").touch()
    os.truncate(folder / "sparse", 5_000_000)


def listing(folder: Path, mount: str = "/data") -> bytes:
    """The entrypoint's default output for a folder with plain names, with digests from sha256sum."""
    names = sorted(os.listdir(folder))
    printed = subprocess.run(["sha256sum", *names], cwd=folder, capture_output=True, text=True, check=True).stdout
    lines = (line.split() for line in printed.splitlines())
    return "".join(
        f'{mount}/{name} {{"size": {(folder / name).stat().st_size}, "sha256": "{digest}"}}\n' for digest, name in lines
    ).encode()


def keys(folder: Path, mount: bytes = b"/data") -> bytes:
    """The sorted keys of a folder's files and symlinks, each terminated by NUL."""
    found = (path for path, entry in tree_of(folder).items() if not stat.S_ISDIR(entry.mode))
    return b"".join(mount + b"/" + path + b"\0" for path in sorted(found))


def tree_of(folder: Path) -> dict[bytes, Entry]:
    """All entries of a folder by relative path, and the folder itself under the empty path."""
    root = os.fsencode(folder)
    found = {b"": Entry(os.lstat(root).st_mode, b"")}
    for parent, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(parent, name)
            found[os.path.relpath(path, root)] = _entry(path)
    return found


def _entry(path: bytes) -> Entry:
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return Entry(mode, os.readlink(path))
    return Entry(mode, Path(os.fsdecode(path)).read_bytes() if stat.S_ISREG(mode) else b"")


def tree_of_tar(stream: IO[bytes], top: bytes) -> dict[bytes, Entry]:
    """All entries below the folder `top` of a tar by relative path, and the folder itself under the empty path."""
    found = {}
    with tarfile.open(fileobj=stream) as tar:
        for member in tar:
            path = os.path.relpath(os.fsencode(member.name), top)
            if path != b".." and not path.startswith(b"../"):
                found[b"" if path == b"." else path] = _member(tar, member)
    return found


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    kinds = {tarfile.REGTYPE: stat.S_IFREG, tarfile.SYMTYPE: stat.S_IFLNK, tarfile.DIRTYPE: stat.S_IFDIR}
    content = tar.extractfile(member) if member.isreg() else None
    return Entry(kinds[member.type] | member.mode, content.read() if content else os.fsencode(member.linkname))


def packed(tree: Mapping[bytes, Entry]) -> dict[bytes, Entry]:
    """The tree with the modes in an image: 0755 for folders and files that the owner may execute, else 0644."""
    return {path: Entry(_packed_mode(entry.mode), entry.content) for path, entry in tree.items()}


def _packed_mode(mode: int) -> int:
    if stat.S_ISLNK(mode):
        return stat.S_IFLNK | 0o777
    return stat.S_IFMT(mode) | (0o755 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o644)


def copy_backwards(dataset: Path, copy: Path) -> None:
    """Copies a dataset; creates the files in reverse order, with other times and other modes."""
    for path, entry in sorted(tree_of(dataset).items(), reverse=True):
        target = os.path.join(os.fsencode(copy), path)
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        if stat.S_ISLNK(entry.mode):
            os.symlink(entry.content, target)
        elif stat.S_ISDIR(entry.mode):
            os.makedirs(target, exist_ok=True)
        else:
            _copy_file(entry, target)


def _copy_file(entry: Entry, target: bytes) -> None:
    with open(target, "wb") as file:
        file.write(entry.content)
    os.chmod(target, (entry.mode & stat.S_IXUSR) | 0o640)
    os.utime(target, (981173106, 981173106))
