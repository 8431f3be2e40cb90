"""The stage verify."""

from datacontainer.runtime.logs import notice
from datacontainer.stages.task import Task
from datacontainer.verify.verify import verify


def run(task: Task) -> None:
    """Compares the finished images with the catalog."""
    dataset, results = task.dataset, task.results
    verify(
        catalog=results.catalog,
        mount=dataset.mount,
        layout=results.layout,
        images={name: results.image(name) for name in dataset.images},
        report=results.seal("verify"),
        attestations=results.attestations if dataset.attest else None,
        base=results.base if dataset.base else None,
        apptainer=True,
    )
    notice(f"verify {dataset.name}: the images and the catalog do not differ")
