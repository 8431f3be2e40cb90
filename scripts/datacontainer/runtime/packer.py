"""The packer, run by the stages that read or write the data."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from datacontainer.runtime.programs import run
from datacontainer.runtime.seals import SUFFIX, check


def run_packer(packer: Path, arguments: Sequence[str | Path], environment: Mapping[str, str], *descriptors: int) -> str:
    """What the packer prints; its messages are ours already.

    descriptors: of files that it is to find open, under the same numbers.

    Raises:
        DataError, UsageError: by the packer's exit status; also when the packer is not as its seal says.
    """
    if (seal := packer.with_name(packer.name + SUFFIX)).exists():
        check(seal, packer)
    return run([packer, *arguments], "", {**os.environ, **environment}, descriptors=descriptors)
