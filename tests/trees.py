"""Folders filled for tests, and names of every kind that Linux allows."""

import os
from collections.abc import Mapping
from pathlib import Path

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
