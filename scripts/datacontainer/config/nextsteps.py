"""The lines that a person pastes next, and what to know of files that are there."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from datacontainer.config.settings import Dataset


def next_steps(outdir: str, datasets: Sequence[Dataset]) -> list[str]:
    """Commands for what exists of each dataset: its images or, where none is wanted, its entrypoint."""
    return [line for dataset in datasets for line in _lines(Path(outdir) / dataset.name, dataset)]


def left_over(outdir: str, datasets: Sequence[Dataset]) -> list[str]:
    """A line for each image that an earlier configuration asked for, as it is made no longer."""
    return [
        f"{str(path)!r} is of an earlier run, and not made any more: delete it, or add {kind!r} to formats"
        for dataset in datasets
        for kind, path in _images(Path(outdir) / dataset.name, dataset.name)
        if kind not in dataset.formats and path.exists()
    ]


def _images(folder: Path, name: str) -> list[tuple[str, Path]]:
    return [("docker", folder / f"{name}.docker.tar"), ("sif", folder / f"{name}.sif")]


def _lines(folder: Path, dataset: Dataset) -> Iterator[str]:
    archive, sif = (path for _, path in _images(folder, dataset.name))
    if "docker" in dataset.formats and archive.exists():
        zstd = dataset.compression == "zstd"
        note = "   # Docker 23 or later: the layers are compressed with zstd" if zstd else ""
        yield f"docker load -i {shlex.quote(str(archive))}{note}"
        yield f"docker run --rm {dataset.name}:{dataset.version}"
    if "sif" in dataset.formats and sif.exists():
        yield f"apptainer run {shlex.quote(str(sif))}"
    entrypoint = folder / "bin" / dataset.platform_folders[0] / "entrypoint"
    if not dataset.formats and entrypoint.exists():
        yield f"{shlex.quote(str(entrypoint))} -ls"
