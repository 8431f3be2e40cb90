"""Next steps: the commands to paste after a run, and the images that the configuration no longer asks for."""

import shlex
from collections.abc import Collection, Iterator
from pathlib import Path

from datacontainer.config.dataset import Dataset
from datacontainer.config.formats import FORMATS, LAYOUT, Format, product_of


def next_steps(folder: Path, dataset: Dataset, made: Collection[str]) -> Iterator[str]:
    """Commands that use the images of a dataset or, without any, its entrypoint.

    folder: of the dataset's results. made: the files that this run made or found up to date.
    """
    for one, path in _images(folder, dataset):
        if one.name in dataset.formats and str(path) in made:
            file = path.parent if one is LAYOUT else path
            tag = f"{dataset.name}:{dataset.version}"
            lines = [command.line for command in one.commands_for(file, tag, dataset.mount)]
            if note := one.notes.get(dataset.compression):
                lines[0] += f"   # {note}"
            yield from lines[: one.next_steps]
    entrypoint = folder / "bin" / dataset.platform_folders[0] / "entrypoint"
    if not dataset.formats and str(entrypoint) in made:
        yield f"{shlex.quote(str(entrypoint))} -ls"


def left_over(folder: Path, dataset: Dataset) -> Iterator[str]:
    """A line for each image of an earlier configuration, which later runs do not update."""
    for one, path in _images(folder, dataset):
        if one is not LAYOUT and one.name not in dataset.formats:
            yield (
                f"{str(path)!r} is from an earlier run and is not updated any more: delete it, or add {one.name!r} to "
                "formats"
            )


def _images(folder: Path, dataset: Dataset) -> Iterator[tuple[Format, Path]]:
    """The images that exist."""
    for one in FORMATS.values():
        path = folder / product_of(dataset.name, one.name)
        if path.exists():
            yield one, path
