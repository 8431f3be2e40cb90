"""Origin: the folder that a dataset's results were made from, so that another folder does not overwrite them."""

import os
from pathlib import Path

from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.outputs import write_bytes
from datacontainer.storage.place import is_remote

# Relative to the folder of the results. Not an output of scan, as Snakemake deletes the outputs if scan fails.
ORIGIN = "stages/scan/origin"


def note_origin(root: str, results: Path) -> None:
    """Records in the folder of a dataset's results that they are made from the folder `root`.

    A relative path is recorded relative to that folder, so that a project can move together with its results.
    """
    origin = root
    if not os.path.isabs(root) and not is_remote(root):
        origin = os.path.relpath(os.path.abspath(root), os.path.realpath(results))
    file = results / ORIGIN
    file.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(file, os.fsencode(origin))


def check_origin(name: str, root: str, results: Path) -> None:
    """Returns if there are no results, or if they were made from the folder `root`.

    Raises:
        UsageError: if they were made from another folder, whose products the new ones would overwrite.
    """
    file = results / ORIGIN
    if not file.is_file():
        return
    before = os.fsdecode(file.read_bytes())
    if not is_remote(before):
        before = os.path.normpath(os.path.join(os.path.realpath(results), before))
    if before == root or os.path.realpath(before) == os.path.realpath(root):
        return
    now = root if is_remote(root) else os.path.abspath(root)
    raise UsageError(
        f"dataset {name!r}: {str(results)!r} was made from {before!r}, not from {now!r} of the same "
        f"name: rename one of the two under `datasets`, set another outdir, or delete {str(results)!r}"
    )
