"""Functions that fill folders for tests, and names of every kind that Linux allows."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st

ODD_NAMES = [
    b"line\nbreak",
    b"tab\there",
    b"'quote\"",
    b"back\\slash`tick",
    b"{{ jinja }}",
    b"$(touch pwned)",
    b"-dash",
    b" space ",
    b"not utf-8 \xff\xfe",
    "ünïcode 漢字 🍅".encode(),
    b"%s %d",
    b"a" * 255,
    # Names that differ only in case or in Unicode normalization.
    b"CASE",
    b"Case",
    "caf\u00e9".encode(),
    "cafe\u0301".encode(),
    b"; touch pwned",
    b"--",
    b"trailing newline\n",
    b"~",
    b"*?",
    b"\x01\x1b[31m\x7f",
    "right to left \u202e".encode(),
]

_part = st.one_of(
    st.sampled_from(ODD_NAMES),
    st.binary(min_size=1, max_size=12).filter(lambda b: not {0, ord("/")} & set(b) and b not in (b".", b"..")),
).filter(lambda b: not b.startswith(b".wh."))
# Relative paths, up to three folders deep.
names = st.lists(_part, min_size=1, max_size=3).map(b"/".join)


def fill(folder: Path, files: Mapping[bytes, bytes]) -> None:
    """Writes files by relative path; skips a file if another file or folder has its path or a parent's path."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = os.path.join(os.fsencode(folder), path)
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(content)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            continue


class Link(NamedTuple):
    """A symlink to create."""

    target: bytes


# The content of a file, a symlink, an empty folder (None), or the type of a special file.
Node = bytes | Link | int | None

# Few, similar names, so that patterns often match and symlinks often have a target.
SIMILAR = [
    b"a",
    b"b",
    b"ab",
    b"a.tmp",
    b"[a]",
    b"a b",
    b"!a",
    b"a\n",
    b"\xff",
    "é".encode(),
    b".wh.a",
    b".snakemake_timestamp",
]
_similar = st.sampled_from(SIMILAR)
_targets = st.lists(st.sampled_from([b"..", b".", b"", b"a", b"b", b"ab"]), min_size=1, max_size=5).map(b"/".join)
_nodes = st.one_of(
    st.binary(max_size=9),
    st.none(),
    st.sampled_from([stat.S_IFIFO, stat.S_IFSOCK]),
    _targets.filter(bool).map(Link),
)
# Trees for scan, with entries that it refuses, excludes or follows.
odd_trees = st.dictionaries(
    st.one_of(st.lists(_similar, min_size=1, max_size=4).map(b"/".join), names), _nodes, max_size=15
)


def make(folder: Path, tree: Mapping[bytes, Node]) -> None:
    """Creates the nodes of a tree; skips a node if its path exists or a parent is not a folder."""
    root = os.path.realpath(os.fsencode(folder))
    for path, node in tree.items():
        parent = os.path.dirname(os.path.join(root, path))
        if os.path.realpath(parent) != parent:
            continue
        try:
            os.makedirs(parent, exist_ok=True)
            _make(os.path.join(root, path), node)
        except (FileExistsError, NotADirectoryError):
            continue


def _make(path: bytes, node: Node) -> None:
    if isinstance(node, bytes):
        with open(path, "xb") as file:
            file.write(node)
    elif isinstance(node, Link):
        os.symlink(node.target, path)
    elif node is None:
        os.mkdir(path)
    else:
        os.mknod(path, node | 0o644)
