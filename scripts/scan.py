"""Adaptor of the rule scan."""

from pathlib import Path

from datacontainer.runtime.logs import stage
from datacontainer.runtime.seals import seal
from datacontainer.scan.origin import note_origin
from datacontainer.scan.scan import scan
from datacontainer.scan.sharding import Limits

with stage(snakemake.log[0], f"scan {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    note_origin(snakemake.params.root, Path(snakemake.output.table).parents[2])
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
    seal(snakemake.output.seal, read=snakemake.output[:2])
