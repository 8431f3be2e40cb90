"""The source files of this project, and digests of source files."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

# The folder of the repository. Snakemake keeps relative paths when it fetches single files of a remote repository.
ROOT = Path(__file__).parents[3]


def source_files(*beginnings: str) -> list[Path]:
    """Paths of the files in workflow/sources.txt whose names start with one of `beginnings`, in its order."""
    names = (ROOT / "workflow/sources.txt").read_text().split()
    return [ROOT / name for name in names if name.startswith(beginnings)]


def files_digest(files: Iterable[str | Path], top: str | Path) -> str:
    """Returns the sha256, in hex, of the names, relative to the folder `top`, and contents of files.

    A missing file counts as empty. Newlines at the end are ignored: Snakemake removes them from the files of a remote
    workflow.
    """
    digest = hashlib.sha256()
    for path in map(Path, files):
        name = os.fsencode(os.path.relpath(path, top))
        content = path.read_bytes().rstrip(b"\n") if path.is_file() else b""
        digest.update(b"%b\0%d\0%b" % (name, len(content), content))
    return digest.hexdigest()
