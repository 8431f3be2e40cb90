"""The stage rescan."""

from datacontainer.hash.rescan import join, rescan, rescan_shards
from datacontainer.runtime.logs import notice
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Reads the files of batches again and compares them with their records; without batches, joins the reports."""
    results = task.results
    for batch in task.parts:
        shards = results.batches()[batch]
        join(
            rescan_shards(task.packer, task.dataset.path, results, shards, task.threads), results.seal("rescan", batch)
        )
    if not task.parts:
        rescan([results.seal("rescan", batch) for batch in results.batches()], results.seal("rescan"))
        notice(f"rescan {task.dataset.name}: every file matches its record")
