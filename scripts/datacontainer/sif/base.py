"""The base of a SIF: its files below those of Apptainer and of the dataset, and its variables."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

# Few datasets have a base: what reads one is imported when it is needed.
if TYPE_CHECKING:
    from datacontainer.base.flatten import Flattened
    from datacontainer.base.layer import StoredLayer

ENVIRONMENT = ".singularity.d/env/10-docker2singularity.sh"


class Base(NamedTuple):
    """The layers of a base, and its variables as NAME=VALUE; neither without a base."""

    layers: "Sequence[StoredLayer]" = ()
    environment: Sequence[str] = ()

    @property
    def size_bytes(self) -> int:
        """The size of the blobs."""
        return sum(one.layer.size_bytes for one in self.layers)

    def flattened(self, mount: str) -> "Flattened | None":
        """The files of the base; None without a base."""
        if not self.layers:
            return None
        from datacontainer.base.flatten import Flattened

        return Flattened(self.layers, mount)


NO_BASE = Base()


def kept_by(base: "Flattened | None") -> Callable[[str], bool]:
    """Whether an image with a base needs a path of the skeleton, which the base may have."""
    if base is None:
        return lambda _: True
    return lambda path: base.has_folder(path) and not base.has(path)


def files_of(base: Base) -> dict[str, bytes]:
    """The files that the skeleton of a SIF has more with a base: the script that sets its variables."""
    if not base.layers:
        return {}
    from datacontainer.base.flatten import environment_script

    return {ENVIRONMENT: environment_script(base.environment)}


@contextmanager
def piped(base: "Flattened | None") -> Iterator[Sequence[int]]:
    """The descriptor from which to read the files of a base as a tar; none without a base.

    Raises:
        DataError: at the end of the block, if a layer is damaged, in place of the error of the reader.
    """
    if base is None:
        yield ()
        return
    from datacontainer.base.flatten import END
    from datacontainer.runtime.pipes import feeding

    with feeding(chain(base.pieces(), [END])) as pipe:
        yield (pipe,)
