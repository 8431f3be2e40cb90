"""Adaptor of the rule verify."""

import sys
from pathlib import Path

from datacontainer.runtime.logs import stage
from datacontainer.verify.verify import verify

with stage(snakemake.log[0], f"verify {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    verify(
        catalog=Path(snakemake.input.catalog),
        mount=snakemake.params.mount,
        layout=Path(snakemake.input.index).parent,
        archive=Path(snakemake.input.docker) if snakemake.input.docker else None,
        image=Path(snakemake.input.sif) if snakemake.input.sif else None,
        report=Path(snakemake.output[0]),
        attestations=Path(snakemake.input.attestations) if snakemake.input.attestations else None,
    )
    print(f"verify {snakemake.wildcards.dataset}: the images and the catalog do not differ", file=sys.stderr)
