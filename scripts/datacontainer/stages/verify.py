"""The stage verify."""

import sys

from datacontainer.stages.task import Task
from datacontainer.verify.verify import verify


def run(task: Task) -> None:
    """Compares the finished images with the catalog."""
    dataset, results = task.dataset, task.results
    archive, sif = results.folder / f"{dataset.name}.docker.tar", results.folder / f"{dataset.name}.sif"
    verify(
        catalog=results.catalog,
        mount=dataset.mount,
        layout=results.layout,
        archive=archive if "docker" in dataset.formats else None,
        image=sif if "sif" in dataset.formats else None,
        report=results.seal("verify"),
        attestations=results.attestations if dataset.attest else None,
    )
    print(f"verify {dataset.name}: the images and the catalog do not differ", file=sys.stderr)
