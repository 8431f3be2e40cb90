"""The stage scan."""

from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import seal
from datacontainer.scan.origin import note_origin
from datacontainer.scan.scan import scan
from datacontainer.scan.sharding import Limits
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
        minimum=Limits(dataset.shard_files, dataset.shard_bytes),
        batches=task.batches,
    )
    seal(results.seal("scan"), made_with, read=[results.lists, results.shards])
