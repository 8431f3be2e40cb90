"""The files of a base as one tar without whiteouts, in a stream, for a SquashFS."""

import re
import tarfile
from collections.abc import Iterator, Sequence

from datacontainer.base.layer import LayerTar, StoredLayer, reading
from datacontainer.base.tree import APPTAINER, FOLDER, HARD_LINK, Content, Node, Tree, merged, split

END = bytes(2 * tarfile.BLOCKSIZE)
NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
# Characters with a meaning in double quotes of a shell.
SPECIAL = re.compile(r'[\\"$`]')


class Flattened:
    """The layers of a base as one tar. Memory: the tree of its files."""

    def __init__(self, layers: Sequence[StoredLayer], mount: str) -> None:
        """Reads all layers once, for their lists of files."""
        self._layers, self.tree = layers, merged(layers)
        self.tree.root.children.pop(APPTAINER, None)
        _open_parents(self.tree, mount)

    def pieces(self) -> Iterator[bytes]:
        """The members, without the end of the tar: folders, symlinks, then files in the order of the layers.

        Raises:
            DataError: if a layer is damaged.
        """
        by_content: dict[Content, list[tuple[str, Node]]] = {}
        for path, node in self.tree.walk():
            if node.content is None:
                yield _header(path, node.kind, node.mode, target=node.target)
            else:
                by_content.setdefault(node.content, []).append((path, node))
        for number, stored in enumerate(self._layers):
            with reading(stored) as tar:
                for place, member in enumerate(tar.members):
                    if names := by_content.get(Content(number, place)):
                        yield from _file(tar, member, names)

    def has_folder(self, path: str) -> bool:
        """Whether a path can be added: its parent is a folder of the base, or missing."""
        *parents, _ = split(path)
        for count in range(1, len(parents) + 1):
            found = self.tree.find(parents[:count])
            if found is None:
                return True
            if found.kind != FOLDER:
                return False
        return True

    def has(self, path: str) -> bool:
        """Whether the base has a file, symlink or folder at a path."""
        return self.tree.find(split(path)) is not None


def environment_script(variables: Sequence[str]) -> bytes:
    """The script that sets the variables of a base in Apptainer, unless they are set; PATH is always set.

    Source: github.com/apptainer/apptainer, internal/pkg/build/sources/conveyorPacker_oci.go.
    """
    lines = ["#!/bin/sh\n"]
    for one in variables:
        name, _, value = one.partition("=")
        if NAME.fullmatch(name) and "\n" not in value:
            text = SPECIAL.sub(r"\\\g<0>", value)
            lines.append(f'export {name}="{text}"\n' if name == "PATH" else f'export {name}="${{{name}:-"{text}"}}"\n')
    return "".join(lines).encode("utf-8", "surrogateescape")


def _open_parents(tree: Tree, mount: str) -> None:
    """Sets the mode of the folders above the mount, as the layers with the data do."""
    names = split(mount)
    for count in range(1, len(names) + 1):
        found = tree.find(names[:count])
        if found is not None:
            found.mode = 0o755


def _file(tar: LayerTar, member: tarfile.TarInfo, names: Sequence[tuple[str, Node]]) -> Iterator[bytes]:
    (path, node), *others = names
    yield _header(path, tarfile.REGTYPE, node.mode, member.size)
    yield from tar.pieces(member)
    yield bytes(-member.size % tarfile.BLOCKSIZE)
    for other, _ in others:
        yield _header(other, HARD_LINK, node.mode, target=path)


def _header(path: str, kind: bytes, mode: int, size_bytes: int = 0, target: str = "") -> bytes:
    one = tarfile.TarInfo(path)
    one.type, one.mode, one.size, one.linkname = kind, mode, size_bytes, target
    return one.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
