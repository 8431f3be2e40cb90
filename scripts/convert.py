"""Adaptor of the rule convert."""

from pathlib import Path

from datacontainer.convert import convert
from datacontainer.logs import stage
from datacontainer.seals import seal

with stage(snakemake.log[0], f"convert {snakemake.wildcards.dataset}"):
    convert(
        identity=snakemake.params.identity,
        platform=snakemake.params.platform,
        packer=Path(snakemake.input.packer),
        layout=Path(snakemake.input.index).parent,
        summary=Path(snakemake.input.summary),
        image=Path(snakemake.output[0]),
    )
    seal(snakemake.output.seal, unread=snakemake.output[:1])
