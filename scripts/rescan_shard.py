"""Adaptor of the rule rescan_shard."""

from pathlib import Path

from datacontainer.hash.rescan import rescan_shard
from datacontainer.runtime.logs import stage

with stage(snakemake.log[0], f"rescan {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    rescan_shard(
        packer=Path(snakemake.input.packer),
        root=snakemake.params.root,
        shard_list=Path(snakemake.input.list),
        records=Path(snakemake.input.records),
        report=Path(snakemake.output[0]),
        threads=snakemake.threads,
    )
