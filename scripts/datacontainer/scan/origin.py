"""Which folder a dataset's results were made from: noted by scan, and compared before another folder replaces them."""

import os
from pathlib import Path

from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.outputs import write_bytes

# In the folder of the dataset's results; not an output of scan, as Snakemake deletes those when scan fails.
ORIGIN = "stages/scan/origin"


def note_origin(root: str, results: Path) -> None:
    """Notes in the folder of the dataset's results that they are made from the folder `root`.

    A relative path is noted as seen from there, so that a project and its results can move together.
    """
    seen = root if os.path.isabs(root) else os.path.relpath(os.path.abspath(root), os.path.realpath(results))
    file = results / ORIGIN
    file.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(file, os.fsencode(seen))


def check_origin(name: str, root: str, results: Path) -> None:
    """Sees that the results were made from the folder `root`, or that there are none.

    Raises:
        UsageError: naming both folders; the second dataset would replace the products of the first.
    """
    file = results / ORIGIN
    if not file.is_file():
        return
    before = os.path.normpath(os.path.join(os.path.realpath(results), os.fsdecode(file.read_bytes())))
    if os.path.realpath(before) == os.path.realpath(root):
        return
    raise UsageError(
        f"dataset {name!r}: {str(results)!r} was made from {before!r}, not from {os.path.abspath(root)!r} of the same "
        f"name: name one of the two under `datasets`, set another outdir, or delete {str(results)!r}"
    )
