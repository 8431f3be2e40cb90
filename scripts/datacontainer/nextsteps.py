"""The lines that a person pastes next, once the images are there."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from datacontainer.config import Dataset


def next_steps(outdir: str, datasets: Sequence[Dataset]) -> list[str]:
    """A comment and commands for the images that exist of each dataset."""
    lines = []
    for dataset in datasets:
        folder = Path(outdir) / dataset.name
        archive, sif = folder / f"{dataset.name}.docker.tar", folder / f"{dataset.name}.sif"
        if "docker" in dataset.formats and archive.exists():
            note = (
                "   # Docker 23 or later: the layers are compressed with zstd" if dataset.compression == "zstd" else ""
            )
            lines.append(f"docker load -i {shlex.quote(str(archive))}{note}")
            lines.append(f"docker run --rm {dataset.name}:{dataset.version}")
        if "sif" in dataset.formats and sif.exists():
            lines.append(f"apptainer run {shlex.quote(str(sif))}")
    return lines
