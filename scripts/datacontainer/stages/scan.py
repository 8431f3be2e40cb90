"""The stage scan."""

from datacontainer.rerun.due import Authority
from datacontainer.rerun.graph import Step, shards_of
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import seal
from datacontainer.scan.origin import note_origin
from datacontainer.scan.rules import minimum_of
from datacontainer.scan.scan import scan
from datacontainer.scan.sharding import Limits
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Lists the dataset's files and cuts the list into shards."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("scan"), dataset, results)
    note_origin(dataset.path, results.folder)
    minimum = minimum_of(dataset)
    scan(
        root=dataset.path,
        exclude=dataset.exclude,
        defaults=dataset.left_out,
        symlinks=dataset.symlinks,
        lists=results.lists,
        table=results.shards,
        packer=task.packer,
        threads=task.threads,
        minimum=Limits(*minimum) if minimum else None,
        batches=task.batches,
    )
    _seal_batches(task)
    seal(results.seal("scan"), made_with, read=[results.lists, results.shards])


def _seal_batches(task: Task) -> None:
    """Seals each batch of which earlier runs completed all shards, so that no job reads them again."""
    dataset, results = task.dataset, task.results
    authority = Authority(task.packer)
    for step in (Step("hash", batch) for batch in results.batches()):
        shards = shards_of(step, results)
        if not any(authority.due(one, dataset, results).due for one in shards):
            seals = [authority.seal_of(one, results) for one in shards]
            seal(authority.seal_of(step, results), key(step, dataset, results), unread=seals)
