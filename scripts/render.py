"""Adaptor of the rule render."""

from pathlib import Path

from datacontainer.entrypoint.render import render
from datacontainer.runtime.logs import stage
from datacontainer.runtime.seals import check, seal

with stage(snakemake.log[0], f"render {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    check(snakemake.input.seal, snakemake.input.catalog, snakemake.input.summary)
    render(
        module=[Path(path) for path in snakemake.input.module],
        template=snakemake.params.template,
        catalog=Path(snakemake.input.catalog),
        summary=Path(snakemake.input.summary),
        mount=snakemake.params.mount,
        folder=Path(snakemake.output.folder),
    )
    seal(snakemake.output.seal, read=[snakemake.output.folder])
