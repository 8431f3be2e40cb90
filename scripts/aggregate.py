"""Adaptor of the rule aggregate."""

from pathlib import Path

from datacontainer.catalog.aggregate import aggregate
from datacontainer.hash.stale import remove_stale
from datacontainer.runtime.logs import stage
from datacontainer.runtime.seals import check, seal

with stage(snakemake.log[0], f"aggregate {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    facts = [Path(path) for path in snakemake.input.facts]
    for of_shard in zip(snakemake.input.seals, snakemake.input.records, facts, strict=True):
        check(*of_shard)
    aggregate(
        identity=snakemake.params.identity,
        functions=snakemake.params.functions,
        records=[Path(path) for path in snakemake.input.records],
        facts=facts,
        catalog=Path(snakemake.output.catalog),
        summary=Path(snakemake.output.summary),
        content=Path(snakemake.output.content),
    )
    remove_stale(facts, Path(snakemake.log[0]).parent)
    seal(snakemake.output.seal, read=snakemake.output[:3])
