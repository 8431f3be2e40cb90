"""The stage aggregate."""

import os
from functools import partial

from datacontainer.about.about import read_about
from datacontainer.catalog.aggregate import aggregate
from datacontainer.catalog.imagecatalog import ImageRequest
from datacontainer.catalog.shards import ShardFiles
from datacontainer.domains.registry import recorded, with_domains
from datacontainer.hash.stale import remove_stale
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import check, seal
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Joins the shards' records into the catalogs; then removes the files of shards that no longer exist."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("aggregate"), dataset, results)
    shards = results.shard_names()
    facts = [results.facts(shard) for shard in shards]
    records = [
        ShardFiles(results.list_of(one), results.digests(one), results.fields(one) if dataset.metadata else None)
        for one in shards
    ]
    check(results.seal("scan"), *(one.listed for one in records))
    for shard, one in zip(shards, records, strict=True):
        check(results.seal("hash", shard), results.facts(shard), one.digests, *([one.fields] if one.fields else []))
    aggregate(
        identity={"name": dataset.name, "version": dataset.version, "mount": dataset.mount},
        functions=with_domains(dataset.dataset_metadata, dataset.metadata),
        folder=os.path.abspath(dataset.path),
        recorded=recorded(dataset.metadata, dataset.on_error),
        function_seconds=dataset.function_seconds,
        records=records,
        facts=facts,
        catalog=results.catalog,
        summary=results.summary,
        content=results.content,
        image=ImageRequest(results.image_catalog, task.packer) if dataset.formats else None,
        about=partial(read_about, dataset.about, dataset.path),
    )
    remove_stale(facts, results.batches(), task.logs)
    written = [results.catalog, results.summary, results.content, *([results.image_catalog] if dataset.formats else [])]
    seal(results.seal("aggregate"), made_with, read=written)
