"""Strategies for datasets of everything that images can store, functions that make them on disk, and edits of them."""

import os
import random
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from hypothesis import strategies as st

from tools.trees import SIMILAR, Link, names

# Sizes around the block sizes of tar, memory pages, SquashFS and gzip.
BORDERS = [0, 1, 511, 512, 513, 4095, 4096, 4097, 131071, 131072, 131073, (1 << 20) - 1, 1 << 20, (1 << 20) + 1]
LARGE = [(3 << 20) + 7, 5 << 20]
# The owner may read and write in all modes, because the tests may run without root.
MODES = [0o644, 0o755, 0o600, 0o700, 0o655, 0o4711, 0o2644, 0o1777]
FOLDER_MODES = [0o755, 0o700, 0o2775, 0o1777]
TIMES_NS = [-(10**18), 0, 1, 981173106123456789, 5 * 10**18]
# A folder next to the dataset, for symlinks to the outside.
OUTSIDE = b"outside/"


class File(NamedTuple):
    """A file. Its content is a hole for seed 0, random bytes for an odd seed, else a repeated phrase."""

    size: int
    seed: int
    mode: int

    def content(self) -> bytes:
        """The file's content."""
        chance = random.Random(self.seed)
        if self.seed % 2:
            return chance.randbytes(self.size)
        phrase = chance.randbytes(300) if self.seed else bytes(300)
        return (phrase * (self.size // len(phrase) + 1))[: self.size]


class Folder(NamedTuple):
    """A folder, which is empty unless the tree contains files below it."""

    mode: int


Node = File | Folder | Link
Tree = dict[bytes, Node]

# The content of the folder OUTSIDE: for each name a file, an empty folder, or a folder with its content.
OUTSIDE_TREES: dict[bytes, Tree] = {
    b"run": {b"": File(513, 3, 0o755)},
    b"void": {b"": Folder(0o700)},
    b"sub": {b"/b/\xff": File(1, 1, 0o600), b"/b/up": Link(b"../c"), b"/c": File(131073, 2, 0o640)},
}


class Dataset(NamedTuple):
    """A tree, in which nothing is below a file or a symlink, and a value of the configuration's `symlinks`."""

    tree: Tree
    symlinks: str

    def packed(self) -> Tree:
        """The tree in the image: if symlinks are followed, symlinks to the outside are replaced by their targets."""
        found: Tree = {}
        for path, node in self.tree.items():
            if self.symlinks == "follow" and isinstance(node, Link) and OUTSIDE in node.target:
                found |= {path + rest: one for rest, one in OUTSIDE_TREES[os.path.basename(node.target)].items()}
            else:
                found[path] = node
        return found


# Hypothesis prefers small numbers; this list gives large trees a higher probability.
_counts = st.sampled_from([0, 1, 4, 8, 16, 16])
_sizes = st.one_of(st.integers(0, 2000), st.sampled_from([*BORDERS, *BORDERS, *LARGE]))
_files = st.builds(File, _sizes, st.integers(0, 5), st.sampled_from(MODES))
_folders = st.builds(Folder, st.sampled_from(FOLDER_MODES))
_nodes = st.sampled_from([_files, _files, _files, _folders]).flatmap(lambda kind: kind)
_similar = st.lists(st.sampled_from([one for one in SIMILAR if not one.startswith(b".")]), min_size=1, max_size=6)
# Names of any bytes, and few names that often occur in the same folders.
_paths = st.one_of(names, _similar.map(b"/".join))


@st.composite
def datasets(draw: st.DrawFn, policies: tuple[str, ...] = ("refuse", "keep", "follow")) -> Dataset:
    """Datasets without symlinks that their value of `symlinks` would refuse."""
    tree: Tree = {}
    size = draw(_counts)
    _add(tree, draw(st.dictionaries(_paths, _nodes, min_size=size, max_size=size)))
    symlinks = draw(st.sampled_from(policies))
    targets = sorted({b"", *tree, *(parent for path in tree for parent in _parents(path))} - {b""})
    if symlinks != "refuse":
        targets += [b"../" + OUTSIDE + name for name in OUTSIDE_TREES]
    if symlinks == "keep":
        targets += [b"gone/\xff", b"x" * 900]
    if targets:
        links = draw(st.dictionaries(_paths, st.sampled_from(targets), min_size=size // 4, max_size=4))
        _add(tree, {path: Link(b"../" * path.count(b"/") + target) for path, target in links.items()})
    return Dataset(tree, symlinks)


def _add(tree: Tree, more: Mapping[bytes, Node]) -> None:
    """Adds nodes, except those whose path exists or is below a file or a symlink."""
    for path, node in more.items():
        taken = any(other == path or other.startswith(path + b"/") for other in tree)
        if not taken and all(isinstance(tree.get(parent), Folder | None) for parent in _parents(path)):
            tree[path] = node


def _parents(path: bytes) -> Iterator[bytes]:
    while path := os.path.dirname(path):
        yield path


def make(root: bytes, tree: Mapping[bytes, Node]) -> None:
    """Creates the tree as a folder, in the order of the mapping."""
    os.makedirs(root)
    for path, node in tree.items():
        put(root + b"/" + path, node)


def make_with_outside(root: bytes, tree: Mapping[bytes, Node]) -> None:
    """Creates the tree, and next to it the folder OUTSIDE."""
    make(root, tree)
    outside = os.path.dirname(root) + b"/" + OUTSIDE.rstrip(b"/")
    make(outside, {name + rest: node for name, below in OUTSIDE_TREES.items() for rest, node in below.items()})


def put(path: bytes, node: Node) -> None:
    """Creates a file, symlink or folder, and its parent folders."""
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
    """Writes the content; a hole for seed 0."""
    with open(path, "wb") as target:
        if file.seed:
            target.write(file.content())
        else:
            target.truncate(file.size)


class Edit(NamedTuple):
    """An edit of an existing file or symlink, which `number` selects; path: the new path, for edits that need one."""

    kind: str
    number: int
    path: bytes
    file: File
    time_ns: int

    def do(self, root: bytes) -> None:
        """Makes the edit, unless it is impossible in this tree or would change a path outside of it."""
        existing = _files_and_links(root)
        new = root + b"/" + self.path
        if os.path.realpath(os.path.dirname(new)) != os.path.dirname(new):
            return
        # Another file or folder has the path.
        with suppress(NotADirectoryError, FileExistsError, IsADirectoryError):
            if self.kind == "add" and not os.path.lexists(new):
                put(new, self.file)
            elif self.kind != "add" and existing:
                self._change(existing[self.number % len(existing)], new, root)

    def _change(self, path: bytes, new: bytes, root: bytes) -> None:
        """Makes an edit of an existing path."""
        folder = os.path.dirname(path)
        if self.kind in ("rewrite", "same size", "same time") and not os.path.islink(path):
            self._write(path)
        elif self.kind == "replace":
            os.unlink(path)
            put(path, self.file if self.number % 3 else Link(self.path))
        elif self.kind == "remove":
            os.unlink(path)
        elif self.kind == "remove folder" and folder != root:
            shutil.rmtree(folder)
        elif self.kind == "rename":
            os.makedirs(os.path.dirname(new), exist_ok=True)
            os.replace(path, new)
        elif self.kind == "rename folder" and folder != root and not new.startswith(folder + b"/"):
            os.makedirs(new)
            os.replace(folder, new)
        elif self.kind == "touch":
            os.utime(path, ns=(0, self.time_ns), follow_symlinks=False)
        elif self.kind == "chmod" and not os.path.islink(path):
            os.chmod(path, self.file.mode)

    def _write(self, path: bytes) -> None:
        """Writes other content: with the same size unless `rewrite`, with the same mtime if `same time`."""
        before = os.stat(path)
        write(path, self.file if self.kind == "rewrite" else self.file._replace(size=before.st_size))
        if self.kind == "same time":
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


KINDS = ["add", "rewrite", "same size", "same time", "replace", "remove", "rename", "touch", "chmod"]
KINDS += ["add", "remove folder", "rename folder"]
edits = st.builds(Edit, st.sampled_from(KINDS), st.integers(0, 20), _paths, _files, st.sampled_from(TIMES_NS))


def _files_and_links(root: bytes) -> list[bytes]:
    """The sorted absolute paths of all files and symlinks."""
    found = []
    for parent, folders, files in os.walk(root):
        found += [parent + b"/" + name for name in files]
        found += [parent + b"/" + name for name in folders if os.path.islink(parent + b"/" + name)]
    return sorted(found)
