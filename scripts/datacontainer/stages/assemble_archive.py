"""The stage assemble_archive."""

from datacontainer.image.archive import assemble_archive
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import seal
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Writes the archive of the image layout, for `docker load`."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("assemble_archive"), dataset, results)
    archive = results.image("docker")
    assemble_archive(results.layout, archive, dataset.compression)
    seal(results.seal("assemble_archive"), made_with, unread=[archive])
