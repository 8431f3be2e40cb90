"""Listing: the list of a dataset's entries that the packer writes, as three files and a summary."""

import json
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.packer import run_packer
from datacontainer.scan.refused import Refused
from datacontainer.storage.place import is_remote

# The dataset's own file of patterns, and the most bytes of it that are read from storage.
IGNORE_FILE, MAX_PATTERNS = ".datacontainerignore", 1 << 20
# The default of `symlinks` in the configuration.
REFUSE = "refuse"
# One row for each record: its end in the file of the records, its size, and a number that depends on its path only.
COLUMNS = np.dtype([("end", "<u8"), ("size", "<u8"), ("chance", "<u8")])


class Summary(NamedTuple):
    """The counts of a list. digest: of all records and refused entries. bytes: of the files.

    broken: counts for warn_broken. left_out: the number of entries that each of the `defaults` excludes.
    """

    records: int
    files: int
    bytes: int
    refused: int
    digest: str
    broken: Mapping[str, Any]
    left_out: Sequence[int]


class Files(NamedTuple):
    """The files of a list.

    records: encoded as in a shard list, sorted by the bytes of their paths. columns: COLUMNS. refused: path, reason and
    target of each refused entry, each terminated by NUL.
    """

    records: Path
    columns: Path
    refused: Path

    @classmethod
    def in_folder(cls, folder: Path) -> "Files":
        """The files in a folder."""
        return cls(folder / "records", folder / "columns", folder / "refused")

    def read_columns(self) -> np.ndarray:
        """The columns, a structured array."""
        return np.fromfile(self.columns, COLUMNS)

    def read_refused(self) -> Iterator[Refused]:
        """The entries that cannot be stored in an image."""
        fields = self.refused.read_bytes().split(b"\0")
        for i in range(0, len(fields) - 1, 3):
            yield Refused(*fields[i : i + 3])


def list_dataset(
    packer: Path,
    root: str,
    exclude: Iterable[str],
    files: Files | None,
    *,
    defaults: Collection[str] = (),
    symlinks: str = REFUSE,
    threads: int | None = None,
) -> Summary:
    """Lists a dataset with the packer, without the entries that match `exclude` or the dataset's ignore file.

    defaults: patterns before those in `exclude`; what they exclude is counted. files: None for the summary alone.

    Raises:
        DataContainerError: if the packer fails; UsageError for a wrong pattern.
    """
    arguments: list[str | Path] = ["scan", "--symlinks", symlinks, "--progress"]
    if files is None:
        arguments.append("--digest-only")
    else:
        arguments += ["--records", files.records, "--columns", files.columns, "--refused", files.refused]
    environment = {"GOMAXPROCS": str(max(2, threads))} if threads else {}
    with tempfile.NamedTemporaryFile() as patterns:
        patterns.write(b"".join(_line(pattern) for pattern in (*defaults, *exclude)))
        patterns.flush()
        arguments += ["--exclude", patterns.name, "--defaults", str(len(defaults))]
        with _opened(root) as (given, descriptors):
            printed = run_packer(packer, [*arguments, *given], environment, *descriptors)
        return Summary(**json.loads(printed))


@contextmanager
def _opened(root: str) -> Iterator[tuple[list[str], list[int]]]:
    """The packer's arguments and descriptors for a dataset: its folder or, in storage, a pipe with its listing."""
    if not is_remote(root):
        yield ["--root", root], []
        return
    # Only datasets in storage need the libraries of a plugin.
    from datacontainer.runtime.pipes import feeding
    from datacontainer.storage.provider import open_source
    from datacontainer.storage.stream import listing

    source = open_source(root)
    with tempfile.TemporaryDirectory() as folder:
        if patterns := source.small(IGNORE_FILE.encode(), MAX_PATTERNS):
            Path(folder, IGNORE_FILE).write_bytes(patterns)
        with feeding(listing(source)) as pipe:
            yield ["--root", folder, "--listing", str(pipe)], [pipe]


def _line(pattern: str) -> bytes:
    try:
        return os.fsencode(pattern + "\n")
    except UnicodeEncodeError as error:
        raise UsageError(f"{pattern!r} cannot be encoded as a file name: correct it in `exclude`") from error
