"""The stage scan."""

from datacontainer.config.dataset import Dataset
from datacontainer.rerun.due import Authority
from datacontainer.rerun.graph import Step, shards_of
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import seal
from datacontainer.scan.origin import note_origin
from datacontainer.scan.scan import scan
from datacontainer.scan.sharding import MIN_SHARD, Limits
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Lists the dataset's files and cuts the list into shards."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("scan"), dataset, results)
    note_origin(dataset.path, results.folder)
    scan(
        root=dataset.path,
        exclude=dataset.exclude,
        symlinks=dataset.symlinks,
        lists=results.lists,
        table=results.shards,
        packer=task.packer,
        threads=task.threads,
        minimum=minimum_of(dataset),
        batches=task.batches,
    )
    _seal_batches(task)
    seal(results.seal("scan"), made_with, read=[results.lists, results.shards])


def minimum_of(dataset: Dataset) -> Limits | None:
    """The configured minimum of a shard; None if the configuration contains no limit."""
    if dataset.shard_files is None and dataset.shard_bytes is None:
        return None
    return Limits(dataset.shard_files or MIN_SHARD.files, dataset.shard_bytes or MIN_SHARD.size_bytes)


def _seal_batches(task: Task) -> None:
    """Seals each batch of which earlier runs completed all shards, so that no job reads them again."""
    dataset, results = task.dataset, task.results
    authority = Authority(task.packer)
    for step in (Step("hash", batch) for batch in results.batches()):
        shards = shards_of(step, results)
        if not any(authority.due(one, dataset, results).due for one in shards):
            seals = [authority.seal_of(one, results) for one in shards]
            seal(authority.seal_of(step, results), key(step, dataset, results), unread=seals)
