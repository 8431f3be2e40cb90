"""The files of a base after all of its layers: later layers replace, whiteouts delete.

Source: OCI image-spec 1.1, layer.md.
"""

import os
import posixpath
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from datacontainer.base.layer import LayerTar, StoredLayer, reading
from datacontainer.runtime.errors import DataError, UsageError

FOLDER, FILE, LINK, HARD_LINK = tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
MAXIMUM_LINKS = 40
# Files of the new image outside of the mount; Apptainer's own folder is left out of a SIF.
RESERVED = ("entrypoint", ".datacontainer")
APPTAINER = ".singularity.d"


class Content(NamedTuple):
    """The place of a file's content: the number of the layer, and of the member in its tar."""

    layer: int
    member: int


class Member(NamedTuple):
    """A member of a layer's tar. kind: of tarfile; HARD_LINK has the path of another file as its target."""

    names: tuple[str, ...]
    kind: bytes
    mode: int
    target: str
    place: int


@dataclass(slots=True)
class Node:
    """A folder, file or symlink. Hard links are one node with several names."""

    kind: bytes
    mode: int
    target: str = ""
    content: Content | None = None
    children: dict[str, "Node"] = field(default_factory=dict)


class Tree:
    """The files of the layers so far. Names are texts with surrogates for bytes that are not UTF-8."""

    def __init__(self) -> None:
        """Of no layer: only the root."""
        self.root = Node(FOLDER, 0o755)

    def add_layer(self, number: int, members: Sequence[Member]) -> None:
        """Adds the members of the next layer; its whiteouts delete files of earlier layers only."""
        for one in members:
            if one.names[-1].startswith(WHITEOUT):
                self._delete(one.names)
        for one in members:
            if not one.names[-1].startswith(WHITEOUT):
                self._add(number, one)

    def folder(self, names: Sequence[str], *, create: bool = False) -> Node | None:
        """The folder of a path, following symlinks below the root; None if it is missing and not to be created."""
        trail, waiting, links = [self.root], list(reversed(names)), 0
        while waiting:
            name = waiting.pop()
            if name in ("", ".", ".."):
                del trail[max(1, len(trail) - (name == "..")) :]
                continue
            child = trail[-1].children.get(name)
            if child is None and create:
                child = trail[-1].children[name] = Node(FOLDER, 0o755)
            if child is not None and child.kind == LINK and links < MAXIMUM_LINKS:
                links += 1
                del trail[1 if child.target.startswith("/") else len(trail) :]
                waiting += reversed(child.target.split("/"))
            elif child is None or child.kind != FOLDER:
                return None
            else:
                trail.append(child)
        return trail[-1]

    def find(self, names: Sequence[str]) -> Node | None:
        """The node of a path; a symlink is not followed."""
        folder = self.folder(names[:-1])
        return folder.children.get(names[-1]) if folder else None

    def walk(self) -> Iterator[tuple[str, Node]]:
        """The paths and nodes, each folder before its content, sorted by name."""
        waiting = [("", self.root)]
        while waiting:
            path, node = waiting.pop()
            if path:
                yield path, node
            prefix = f"{path}/" if path else ""
            waiting += [(prefix + name, child) for name, child in sorted(node.children.items(), reverse=True)]

    def _delete(self, names: tuple[str, ...]) -> None:
        folder = self.folder(names[:-1])
        if folder is None:
            return
        if names[-1] == OPAQUE:
            folder.children.clear()
        folder.children.pop(names[-1].removeprefix(WHITEOUT), None)

    def _add(self, number: int, one: Member) -> None:
        folder, name = self.folder(one.names[:-1], create=True), one.names[-1]
        if folder is None:
            raise DataError(f"the base has {_shown(one.names)} below a file: choose another base")
        old = folder.children.get(name)
        if one.kind == FOLDER:
            if old is not None and old.kind == FOLDER:
                old.mode = one.mode
            else:
                folder.children[name] = Node(FOLDER, one.mode)
        elif one.kind == FILE:
            folder.children[name] = Node(FILE, one.mode, content=Content(number, one.place))
        elif one.kind == LINK:
            folder.children[name] = Node(LINK, 0o777, one.target)
        elif one.kind == HARD_LINK:
            linked = self.find(split(one.target))
            if linked is None or linked.kind == FOLDER:
                raise DataError(f"the base has a hard link {_shown(one.names)} to no file: choose another base")
            folder.children[name] = linked
        else:
            # Only root can create devices, and every engine has its own /dev.
            folder.children.pop(name, None)


def merged(layers: Iterable[StoredLayer]) -> Tree:
    """The tree of all layers, whose digests are checked. Memory: about 400 bytes per file of the base."""
    tree = Tree()
    for number, stored in enumerate(layers):
        with reading(stored) as tar:
            tree.add_layer(number, list(_members(tar)))
    return tree


def split(path: str) -> tuple[str, ...]:
    """The names of a path below the root.

    Raises:
        ValueError: if it leads out of the root.
    """
    names = tuple(name for name in path.split("/") if name not in ("", "."))
    if ".." in names or not names:
        raise ValueError(f"{path!r} is no path below the root")
    return names


def check_free(tree: Tree, mount: str, base: str) -> None:
    """Returns if a base leaves the paths free that the new image uses.

    Raises:
        UsageError: with the first path that is taken.
    """
    names = split(mount)
    for count in range(1, len(names) + 1):
        found = tree.find(names[:count])
        if found is not None and (found.kind != FOLDER or (count == len(names) and found.children)):
            first = next(iter(sorted(found.children)), "")
            path = "/".join(("", *names[:count], *([first] if first else [])))
            raise UsageError(
                f"the base {base!r} has {path!r}, where the files of the dataset are mounted: set mount to another "
                "folder, or choose another base"
            )
    for name in RESERVED:
        if name in tree.root.children:
            raise UsageError(
                f"the base {base!r} has {'/' + name!r}, a path of every data container: choose another base"
            )


def _members(tar: LayerTar) -> Iterator[Member]:
    for place, one in enumerate(tar.members):
        kind = FILE if one.isreg() else one.type
        # The root has no name.
        if posixpath.normpath(one.name) not in ("/", "."):
            yield Member(split(one.name), kind, one.mode & 0o7777, one.linkname, place)


def _shown(names: Sequence[str]) -> str:
    return repr(os.sep + os.sep.join(names))
