"""Adaptor of the rule render."""

from pathlib import Path

from datacontainer.logs import stage
from datacontainer.render import render

with stage(snakemake.log[0], f"render {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    render(
        module=[Path(path) for path in snakemake.input.module],
        template=snakemake.params.template,
        catalog=Path(snakemake.input.catalog),
        summary=Path(snakemake.input.summary),
        mount=snakemake.params.mount,
        folder=Path(snakemake.output[0]),
    )
