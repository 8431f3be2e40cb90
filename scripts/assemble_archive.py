"""Adaptor of the rule assemble_archive."""

from pathlib import Path

from datacontainer.assemble import assemble_archive
from datacontainer.logs import stage
from datacontainer.seals import seal

with stage(snakemake.log[0], f"assemble {snakemake.wildcards.dataset}"):
    assemble_archive(Path(snakemake.input.index).parent, Path(snakemake.output[0]))
    seal(snakemake.output.seal, unread=snakemake.output[:1])
