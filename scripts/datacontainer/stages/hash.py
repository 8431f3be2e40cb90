"""The stage hash."""

from datacontainer.domains.registry import recorded
from datacontainer.hash.hash import hash_shards
from datacontainer.hash.shard import Job
from datacontainer.rerun.due import Authority
from datacontainer.rerun.formats import FORMATS
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.logs import finished
from datacontainer.runtime.outputs import write_bytes
from datacontainer.runtime.seals import check, seal
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Reads each file of each batch's shards once: digests, the user's fields, and the bytes in the shard's layer.

    A shard that an earlier run completed is not read again, unless the user forces it.
    """
    dataset, results = task.dataset, task.results
    authority = Authority(task.packer)
    for batch in task.parts or results.batches():
        shards = authority.due_shards(batch, dataset, results)
        if any(authority.due(Step("shard", shard), dataset, results).due for shard in shards[:1]):
            write_bytes(results.unfinished(batch), b"")
        finished(*(_hash(task, shards) if shards else (0, 0)))
        seals = [results.seal("hash", shard) for shard in results.batches().get(batch, [])]
        seal(results.seal("hash", batch), key(Step("hash", batch), dataset, results), unread=seals)
        results.unfinished(batch).unlink(missing_ok=True)


def _hash(task: Task, shards: list[str]) -> tuple[int, int]:
    """Hashes and seals shards; returns their number of files and bytes."""
    dataset, results = task.dataset, task.results
    keys = {shard: key(Step("shard", shard), dataset, results) for shard in shards}

    def completed(shard: str) -> None:
        read = [results.digests(shard), results.facts(shard), *([results.fields(shard)] if dataset.metadata else [])]
        unread = [results.layer(shard)] if dataset.formats else []
        seal(results.seal("hash", shard), keys[shard], read=read, unread=unread)

    check(results.seal("scan"), *map(results.list_of, shards))
    job = Job(
        packer=task.packer,
        root=dataset.path,
        results=results,
        digests=dataset.digests,
        functions=dataset.metadata,
        function_seconds=dataset.function_seconds,
        recorded=recorded(dataset.metadata, dataset.on_error),
        mount=dataset.mount,
        layers=bool(dataset.formats),
        compression=dataset.compression,
        record_format=FORMATS["hash"],
        rescan=dataset.rescan,
        stable=dataset.stable,
        threads=task.threads,
    )
    return hash_shards(job, shards, completed)
