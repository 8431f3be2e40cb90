"""Folders filled for tests, and names of every kind that Linux allows."""

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
    # What differs in case or in Unicode form alone.
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
    """Writes files by their relative path; one whose place is taken by a folder or file of another is left out."""
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
    """A link, to be made."""

    target: bytes


# A file with its content, a link, an empty folder (None), or a special file by its type.
Plant = bytes | Link | int | None

# Few and alike, so that patterns match and links lead somewhere.
ALIKE = [
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
_alike = st.sampled_from(ALIKE)
_targets = st.lists(st.sampled_from([b"..", b".", b"", b"a", b"b", b"ab"]), min_size=1, max_size=5).map(b"/".join)
_plants = st.one_of(
    st.binary(max_size=9),
    st.none(),
    st.sampled_from([stat.S_IFIFO, stat.S_IFSOCK]),
    _targets.filter(bool).map(Link),
)
# Trees that scan takes, with things that it refuses, is told to leave out, or has to follow.
odd_trees = st.dictionaries(
    st.one_of(st.lists(_alike, min_size=1, max_size=4).map(b"/".join), names), _plants, max_size=15
)


def plant(folder: Path, tree: Mapping[bytes, Plant]) -> None:
    """Makes what a tree says; where something else is in the way, or a link on the way, it is left out."""
    root = os.path.realpath(os.fsencode(folder))
    for path, what in tree.items():
        parent = os.path.dirname(os.path.join(root, path))
        if os.path.realpath(parent) != parent:
            continue
        try:
            os.makedirs(parent, exist_ok=True)
            _make(os.path.join(root, path), what)
        except (FileExistsError, NotADirectoryError):
            continue


def _make(target: bytes, what: Plant) -> None:
    if isinstance(what, bytes):
        with open(target, "xb") as file:
            file.write(what)
    elif isinstance(what, Link):
        os.symlink(what.target, target)
    elif what is None:
        os.mkdir(target)
    else:
        os.mknod(target, what | 0o644)
