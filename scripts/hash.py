"""Adaptor of the rule hash."""

from pathlib import Path

from datacontainer.hash import hash_shard
from datacontainer.logs import stage
from datacontainer.seals import check, seal

with stage(snakemake.log[0], f"hash {snakemake.wildcards.dataset}"):
    check(snakemake.input.seal, snakemake.input.list)
    hash_shard(
        packer=Path(snakemake.input.packer),
        root=snakemake.params.root,
        shard_list=Path(snakemake.input.list),
        mount=snakemake.params.mount,
        digests=snakemake.params.digests,
        functions=snakemake.params.functions,
        records=Path(snakemake.output.records),
        layer=Path(snakemake.output.layer),
        facts=Path(snakemake.output.facts),
        threads=snakemake.threads,
    )
    out = snakemake.output
    seal(out.seal, read=[out.records, out.facts], unread=[out.layer])
