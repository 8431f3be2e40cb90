"""Adaptor of the rule assemble_archive."""

from pathlib import Path

from datacontainer.image.archive import assemble_archive
from datacontainer.runtime.logs import stage
from datacontainer.runtime.seals import seal

with stage(snakemake.log[0], f"assemble {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    layout, compression = Path(snakemake.input.index).parent, snakemake.params.compression
    assemble_archive(layout, Path(snakemake.output[0]), compression)
    seal(snakemake.output.seal, unread=snakemake.output[:1])
