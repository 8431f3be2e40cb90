"""A dataset's list as scan works on it: three files and a summary, by the packer."""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.packer import run_packer

# What becomes of links where the configuration's `symlinks` says nothing.
REFUSE = "refuse"
# A line for each record: where it ends in the file of the records, its size, and a number that its path alone decides.
COLUMNS = np.dtype([("end", "<u8"), ("size", "<u8"), ("chance", "<u8")])


class Offender(NamedTuple):
    """What an image cannot hold, and why; target: of a link that leads where it may not."""

    path: bytes
    reason: bytes
    target: bytes = b""

    def __str__(self) -> str:
        """What is said of it in an error."""
        target = f" {os.fsdecode(self.target)!r}" if self.target else ""
        return f"{os.fsdecode(self.path) or '.'!r} {self.reason.decode()}{target}"


class Summary(NamedTuple):
    """What a list says of the dataset; digest: of all records and offenders; bytes: of the files."""

    records: int
    files: int
    bytes: int
    refused: int
    digest: str


class Files(NamedTuple):
    """The files of a list.

    records: as shardlist encodes them, in the order of the paths' bytes. columns: COLUMNS. refused: the fields of
    each, ended by NUL.
    """

    records: Path
    columns: Path
    refused: Path

    @classmethod
    def beside(cls, folder: Path) -> "Files":
        """The files in a folder that is there for them."""
        return cls(folder / "records", folder / "columns", folder / "refused")

    def read_columns(self) -> np.ndarray:
        """The columns, a structured array."""
        return np.fromfile(self.columns, COLUMNS)

    def read_refused(self) -> Iterator[Offender]:
        """What an image cannot hold."""
        fields = self.refused.read_bytes().split(b"\0")
        for i in range(0, len(fields) - 1, 3):
            yield Offender(*fields[i : i + 3])


def list_dataset(
    packer: Path,
    root: str,
    exclude: Iterable[str],
    files: Files | None,
    *,
    symlinks: str = REFUSE,
    threads: int | None = None,
) -> Summary:
    """Lists a dataset with the packer, without what `exclude` and the dataset's own file of patterns leave out.

    files: None for the summary alone.

    Raises:
        DataContainerError: when the packer fails; UsageError for a wrong pattern.
    """
    arguments: list[str | Path] = ["scan", "--root", root, "--symlinks", symlinks, "--progress"]
    if files is None:
        arguments.append("--digest-only")
    else:
        arguments += ["--records", files.records, "--columns", files.columns, "--refused", files.refused]
    environment = {"GOMAXPROCS": str(max(2, threads))} if threads else {}
    with tempfile.NamedTemporaryFile() as patterns:
        patterns.write(b"".join(_line(pattern) for pattern in exclude))
        patterns.flush()
        return Summary(**json.loads(run_packer(packer, [*arguments, "--exclude", patterns.name], environment)))


def _line(pattern: str) -> bytes:
    try:
        return os.fsencode(pattern + "\n")
    except UnicodeEncodeError as error:
        raise UsageError(f"{pattern!r} stands for no bytes, so it matches no name: correct it in `exclude`") from error
