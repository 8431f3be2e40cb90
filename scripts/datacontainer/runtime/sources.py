"""The source files of this project, and digests of source files."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

# scripts/datacontainer/runtime/sources.py is three folders below it. Snakemake keeps these places where it fetches
# single files of a remote repository.
ROOT = Path(__file__).parents[3]


def source_files(*beginnings: str) -> list[Path]:
    """The files of the project whose names begin so, of those that workflow/sources.txt lists, in its order."""
    names = (ROOT / "workflow/sources.txt").read_text().split()
    return [ROOT / name for name in names if name.startswith(beginnings)]


def files_digest(files: Iterable[str | Path], top: str | Path) -> str:
    """The sha256, in hex, of the files' names as seen from the folder `top` and of their contents; a missing file is
    empty.

    A final newline does not count: Snakemake removes it from the files of a remote workflow.
    """
    digest = hashlib.sha256()
    for path in map(Path, files):
        name = os.fsencode(os.path.relpath(path, top))
        content = path.read_bytes().rstrip(b"\n") if path.is_file() else b""
        digest.update(b"%b\0%d\0%b" % (name, len(content), content))
    return digest.hexdigest()
