"""The stage rescan."""

from datacontainer.hash.rescan import Rescanned, join, rescan, rescan_shard
from datacontainer.runtime.logs import notice
from datacontainer.stages.shards import at_once
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Reads the files of batches again and compares them with their records; without batches, joins the reports."""
    results = task.results
    for batch in task.parts:
        reports = at_once(lambda shard, threads: _rescan(task, shard, threads), results.batches()[batch], task.threads)
        join(reports, results.seal("rescan", batch))
    if not task.parts:
        rescan([results.seal("rescan", batch) for batch in results.batches()], results.seal("rescan"))
        notice(f"rescan {task.dataset.name}: every file matches its record")


def _rescan(task: Task, shard: str, threads: int) -> Rescanned:
    results = task.results
    return rescan_shard(
        packer=task.packer,
        root=task.dataset.path,
        shard_list=results.list_of(shard),
        records=results.records(shard),
        raw=results.seal("rescan", shard).with_suffix(".digests"),
        threads=threads,
    )
