"""The packer, the Go program that reads and writes the data for the stages."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from datacontainer.runtime.environment import program_environment
from datacontainer.runtime.programs import run
from datacontainer.runtime.seals import SUFFIX, check

# The number of files and folders that the packer reads at the same time: docs/cluster.md.
OPEN_FILES = "DATACONTAINER_OPEN_FILES"


def run_packer(
    packer: Path,
    arguments: Sequence[str | Path],
    environment: Mapping[str, str],
    *descriptors: int,
    handle: Callable[[str], None] | None = None,
) -> str:
    """Runs the packer and returns its standard output.

    descriptors: open file descriptors that the packer inherits under the same numbers. handle: see `run`.

    Raises:
        DataError, UsageError: with the packer's message, by its exit status.
        DataError: if the packer's file differs from the sha256 in its seal.
    """
    if (seal := packer.with_name(packer.name + SUFFIX)).exists():
        check(seal, packer)
    variables = {name: os.environ[name] for name in (OPEN_FILES,) if name in os.environ} | dict(environment)
    return run([packer, *arguments], "", program_environment(variables), descriptors=descriptors, handle=handle)
