"""The stage hash."""

from datacontainer.hash.hash import ShardJob, hash_shard
from datacontainer.rerun.formats import FORMATS
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import check, seal
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Reads each file of each shard once: digests, the user's fields, and the bytes in the shard's layer."""
    for shard in task.parts or task.results.shard_names():
        _hash(task, shard)


def _hash(task: Task, shard: str) -> None:
    dataset, results = task.dataset, task.results
    made_with = key(Step("hash", shard), dataset, results)
    check(results.seal("scan"), results.list_of(shard))
    results.facts(shard).parent.mkdir(parents=True, exist_ok=True)
    layer = results.layer(shard) if dataset.formats else None
    hash_shard(
        ShardJob(
            packer=task.packer,
            root=dataset.path,
            listed=results.list_of(shard),
            mount=dataset.mount,
            digests=dataset.digests,
            functions=dataset.metadata,
            function_seconds=dataset.function_seconds,
            records=results.records(shard),
            facts=results.facts(shard),
            layer=layer,
            compression=dataset.compression,
            known=results.known,
            record_format=FORMATS["hash"],
            rescan=dataset.rescan,
            stable=dataset.stable,
            threads=task.threads,
        )
    )
    unread = [layer] if layer else []
    seal(results.seal("hash", shard), made_with, read=[results.records(shard), results.facts(shard)], unread=unread)
