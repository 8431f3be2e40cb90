"""The lines that a person pastes next, and what to know of files that are there."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from datacontainer.config.dataset import Dataset
from datacontainer.config.formats import FORMATS, LAYOUT, Format, product_of


def next_steps(outdir: str, datasets: Sequence[Dataset]) -> list[str]:
    """Commands for what exists of each dataset: its images or, where none is wanted, its entrypoint."""
    return [line for dataset in datasets for line in _lines(Path(outdir) / dataset.name, dataset)]


def left_over(outdir: str, datasets: Sequence[Dataset]) -> list[str]:
    """A line for each image that an earlier configuration asked for, as it is made no longer."""
    return [
        f"{str(path)!r} is of an earlier run, and not made any more: delete it, or add {one.name!r} to formats"
        for dataset in datasets
        for one, path in _images(Path(outdir) / dataset.name, dataset)
        if one is not LAYOUT and one.name not in dataset.formats
    ]


def _images(folder: Path, dataset: Dataset) -> Iterator[tuple[Format, Path]]:
    """The images that are there."""
    for one in FORMATS.values():
        path = folder / product_of(dataset.name, one.name)
        if path.exists():
            yield one, path


def _lines(folder: Path, dataset: Dataset) -> Iterator[str]:
    for one, path in _images(folder, dataset):
        if one.name in dataset.formats:
            lines = [
                command.line for command in one.commands_for(path, f"{dataset.name}:{dataset.version}", dataset.mount)
            ]
            if note := one.notes.get(dataset.compression):
                lines[0] += f"   # {note}"
            yield from lines[: one.next_steps]
    entrypoint = folder / "bin" / dataset.platform_folders[0] / "entrypoint"
    if not dataset.formats and entrypoint.exists():
        yield f"{shlex.quote(str(entrypoint))} -ls"
