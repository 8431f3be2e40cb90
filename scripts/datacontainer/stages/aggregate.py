"""The stage aggregate."""

from datacontainer.catalog.aggregate import aggregate
from datacontainer.hash.stale import remove_stale
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import check, seal
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Joins the shards' records into one catalog; then removes the files of shards that no longer exist."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("aggregate"), dataset, results)
    shards = results.shard_names()
    records, facts = [results.records(shard) for shard in shards], [results.facts(shard) for shard in shards]
    for shard in shards:
        check(results.seal("hash", shard), results.records(shard), results.facts(shard))
    aggregate(
        identity={"name": dataset.name, "version": dataset.version, "mount": dataset.mount},
        functions=dataset.dataset_metadata,
        function_seconds=dataset.function_seconds,
        records=records,
        facts=facts,
        catalog=results.catalog,
        summary=results.summary,
        content=results.content,
    )
    remove_stale(facts, results.batches(), task.logs)
    seal(results.seal("aggregate"), made_with, read=[results.catalog, results.summary, results.content])
