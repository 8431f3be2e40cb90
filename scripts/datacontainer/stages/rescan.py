"""The stage rescan."""

from datacontainer.hash.rescan import rescan, rescan_shard
from datacontainer.runtime.logs import notice
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Reads the files of shards again and compares them with their records; without shards, joins the reports."""
    results = task.results
    for shard in task.parts:
        rescan_shard(
            packer=task.packer,
            root=task.dataset.path,
            shard_list=results.list_of(shard),
            records=results.records(shard),
            report=results.seal("rescan", shard),
            threads=task.threads,
        )
    if not task.parts:
        rescan([results.seal("rescan", shard) for shard in results.shard_names()], results.seal("rescan"))
        notice(f"rescan {task.dataset.name}: every file matches its record")
