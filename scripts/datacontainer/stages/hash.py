"""The stage hash."""

from datacontainer.hash.hash import ShardJob, hash_shard
from datacontainer.rerun.due import Authority
from datacontainer.rerun.formats import FORMATS
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.logs import finished
from datacontainer.runtime.seals import check, seal
from datacontainer.stages.shards import at_once
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Reads each file of each batch's shards once: digests, the user's fields, and the bytes in the shard's layer.

    A shard that an earlier run completed is not read again. Several shards are read at the same time.
    """
    dataset, results = task.dataset, task.results
    authority = Authority(task.packer)
    for batch in task.parts or results.batches():
        due = authority.due_shards(batch, dataset, results)
        done = at_once(lambda shard, threads: _hash(task, shard, threads), due, task.threads)
        finished(sum(files for files, _ in done), sum(size_bytes for _, size_bytes in done))
        seals = [results.seal("hash", shard) for shard in results.batches().get(batch, [])]
        seal(results.seal("hash", batch), key(Step("hash", batch), dataset, results), unread=seals)


def _hash(task: Task, shard: str, threads: int) -> tuple[int, int]:
    """Hashes a shard; returns its number of files and bytes."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("shard", shard), dataset, results)
    check(results.seal("scan"), results.list_of(shard))
    results.facts(shard).parent.mkdir(parents=True, exist_ok=True)
    layer = results.layer(shard) if dataset.formats else None
    counts = hash_shard(
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
            threads=threads,
        )
    )
    unread = [layer] if layer else []
    seal(results.seal("hash", shard), made_with, read=[results.records(shard), results.facts(shard)], unread=unread)
    return counts
