"""Adaptor of the rule scan."""

from pathlib import Path

from datacontainer.logs import stage
from datacontainer.scan import scan
from datacontainer.shards import Limits

with stage(snakemake.log[0], f"scan {snakemake.wildcards.dataset}"):
    scan(
        root=snakemake.params.root,
        exclude=snakemake.params.exclude,
        symlinks=snakemake.params.symlinks,
        lists=Path(snakemake.output.lists),
        table=Path(snakemake.output.table),
        packer=Path(snakemake.input.packer),
        threads=snakemake.threads,
        least=Limits(*snakemake.params.least),
    )
