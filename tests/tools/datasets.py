"""Datasets of all that images take, as values to draw and as folders on the disk; and edits of them."""

import os
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from hypothesis import strategies as st

from tools.trees import ALIKE, Link, names

# Around the blocks of tars, of pages, of SquashFS and of gzip.
BORDERS = [0, 1, 511, 512, 513, 4095, 4096, 4097, 131071, 131072, 131073, (1 << 20) - 1, 1 << 20, (1 << 20) + 1]
LARGE = [(3 << 20) + 7, 5 << 20]
# Of each the owner may read and write: not every user is root.
MODES = [0o644, 0o755, 0o600, 0o700, 0o655, 0o4711, 0o2644, 0o1777]
FOLDER_MODES = [0o755, 0o700, 0o2775, 0o1777]
TIMES_NS = [-(10**18), 0, 1, 981173106123456789, 5 * 10**18]
# What lies beside the dataset, for links that leave it.
OUTSIDE = b"outside/"


class File(NamedTuple):
    """A file; of the seed 0 it is a hole, of an odd one noise, else a phrase over and over."""

    size: int
    seed: int
    mode: int

    def content(self) -> bytes:
        """The bytes of it."""
        chance = random.Random(self.seed)
        if self.seed % 2:
            return chance.randbytes(self.size)
        phrase = chance.randbytes(300) if self.seed else bytes(300)
        return (phrase * (self.size // len(phrase) + 1))[: self.size]


class Folder(NamedTuple):
    """A folder; an empty one, unless files lie below it too."""

    mode: int


Node = File | Folder | Link
Tree = dict[bytes, Node]

# What a link that leaves the dataset finds under a name: a file, an empty folder, or what lies in a folder.
BESIDE: dict[bytes, Tree] = {
    b"run": {b"": File(513, 3, 0o755)},
    b"void": {b"": Folder(0o700)},
    b"sub": {b"/b/\xff": File(1, 1, 0o600), b"/b/up": Link(b"../c"), b"/c": File(131073, 2, 0o640)},
}


class Dataset(NamedTuple):
    """A tree, in which nothing lies below a file or a link; and what becomes of its links."""

    tree: Tree
    symlinks: str

    def packed(self) -> Tree:
        """The tree as images have it: what links to the outside lead to is in their place where they are followed."""
        found: Tree = {}
        for path, node in self.tree.items():
            if self.symlinks == "follow" and isinstance(node, Link) and OUTSIDE in node.target:
                found |= {path + rest: one for rest, one in BESIDE[os.path.basename(node.target)].items()}
            else:
                found[path] = node
        return found


# Left to itself, Hypothesis prefers what is small: these are how often each comes.
_counts = st.sampled_from([0, 1, 4, 8, 16, 16])
_sizes = st.one_of(st.integers(0, 2000), st.sampled_from([*BORDERS, *BORDERS, *LARGE]))
_files = st.builds(File, _sizes, st.integers(0, 5), st.sampled_from(MODES))
_folders = st.builds(Folder, st.sampled_from(FOLDER_MODES))
_nodes = st.sampled_from([_files, _files, _files, _folders]).flatmap(lambda kind: kind)
_alike = st.lists(st.sampled_from([one for one in ALIKE if not one.startswith(b".")]), min_size=1, max_size=6)
# Names of any bytes, and such as meet in the same folders.
_paths = st.one_of(names, _alike.map(b"/".join))


@st.composite
def datasets(draw: st.DrawFn, policies: tuple[str, ...] = ("refuse", "keep", "follow")) -> Dataset:
    """Datasets whose links the policy takes."""
    tree: Tree = {}
    size = draw(_counts)
    _add(tree, draw(st.dictionaries(_paths, _nodes, min_size=size, max_size=size)))
    symlinks = draw(st.sampled_from(policies))
    targets = sorted({b"", *tree, *(parent for path in tree for parent in _parents(path))} - {b""})
    if symlinks != "refuse":
        targets += [b"../" + OUTSIDE + name for name in BESIDE]
    if symlinks == "keep":
        targets += [b"gone/\xff", b"x" * 900]
    if targets:
        links = draw(st.dictionaries(_paths, st.sampled_from(targets), min_size=size // 4, max_size=4))
        _add(tree, {path: Link(b"../" * path.count(b"/") + target) for path, target in links.items()})
    return Dataset(tree, symlinks)


def _add(tree: Tree, more: Mapping[bytes, Node]) -> None:
    """Adds what fits: nothing takes another's place, or lies below a file or a link."""
    for path, node in more.items():
        taken = any(other == path or other.startswith(path + b"/") for other in tree)
        if not taken and all(isinstance(tree.get(parent), Folder | None) for parent in _parents(path)):
            tree[path] = node


def _parents(path: bytes) -> Iterator[bytes]:
    while path := os.path.dirname(path):
        yield path


def make(root: bytes, tree: Mapping[bytes, Node]) -> None:
    """Makes the tree as a folder, in the order that it has."""
    os.makedirs(root)
    for path, node in tree.items():
        put(root + b"/" + path, node)


def make_with_outside(root: bytes, tree: Mapping[bytes, Node]) -> None:
    """Makes the tree, and beside it what its links that leave it lead to."""
    make(root, tree)
    beside = os.path.dirname(root) + b"/" + OUTSIDE.rstrip(b"/")
    make(beside, {name + rest: node for name, below in BESIDE.items() for rest, node in below.items()})


def put(path: bytes, node: Node) -> None:
    """Makes a file, link or folder, and the folders above it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if isinstance(node, Link):
        os.symlink(node.target, path)
        return
    if isinstance(node, Folder):
        os.makedirs(path, exist_ok=True)
    else:
        write(path, node)
    os.chmod(path, node.mode)


def write(path: bytes, file: File) -> None:
    """Writes the content; that of the seed 0 as a hole."""
    with open(path, "wb") as target:
        if file.seed:
            target.write(file.content())
        else:
            target.truncate(file.size)


class Edit(NamedTuple):
    """What is done to one of the files and links that are there, chosen by a number; for some with another path."""

    what: str
    number: int
    path: bytes
    file: File
    time_ns: int

    def do(self, root: bytes) -> None:
        """Does it, unless the tree is such that it cannot be done, or that it would be done outside."""
        there = _files_and_links(root)
        new = root + b"/" + self.path
        if os.path.realpath(os.path.dirname(new)) != os.path.dirname(new):
            return
        # A file is in the way, or a folder.
        with suppress(NotADirectoryError, FileExistsError, IsADirectoryError):
            if self.what == "add" and not os.path.lexists(new):
                put(new, self.file)
            elif self.what != "add" and there:
                self._change(there[self.number % len(there)], new, root)

    def _change(self, path: bytes, new: bytes, root: bytes) -> None:
        """Does one of the edits that need something that is there."""
        folder = os.path.dirname(path)
        if self.what in ("rewrite", "same size", "same time") and not os.path.islink(path):
            self._write(path)
        elif self.what == "replace":
            os.unlink(path)
            put(path, self.file if self.number % 3 else Link(self.path))
        elif self.what == "remove":
            os.unlink(path)
        elif self.what == "remove folder" and folder != root:
            shutil.rmtree(folder)
        elif self.what == "rename":
            os.makedirs(os.path.dirname(new), exist_ok=True)
            os.replace(path, new)
        elif self.what == "rename folder" and folder != root and not new.startswith(folder + b"/"):
            os.makedirs(new)
            os.replace(folder, new)
        elif self.what == "touch":
            os.utime(path, ns=(0, self.time_ns), follow_symlinks=False)
        elif self.what == "chmod" and not os.path.islink(path):
            os.chmod(path, self.file.mode)

    def _write(self, path: bytes) -> None:
        """Writes another content, of the same size if so said, and puts the time back."""
        before = os.stat(path)
        write(path, self.file if self.what == "rewrite" else self.file._replace(size=before.st_size))
        if self.what == "same time":
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


KINDS = ["add", "rewrite", "same size", "same time", "replace", "remove", "rename", "touch", "chmod"]
KINDS += ["add", "remove folder", "rename folder"]
edits = st.builds(Edit, st.sampled_from(KINDS), st.integers(0, 20), _paths, _files, st.sampled_from(TIMES_NS))


def _files_and_links(root: bytes) -> list[bytes]:
    """The whole names of all that is no folder, sorted."""
    found = []
    for parent, folders, files in os.walk(root):
        found += [parent + b"/" + name for name in files]
        found += [parent + b"/" + name for name in folders if os.path.islink(parent + b"/" + name)]
    return sorted(found)
