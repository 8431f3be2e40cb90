"""Adaptor of the rule verify."""

import sys
from pathlib import Path

from datacontainer.config.formats import FORMATS
from datacontainer.runtime.logs import stage
from datacontainer.verify.verify import verify

with stage(snakemake.log[0], f"verify {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    verify(
        catalog=Path(snakemake.input.catalog),
        mount=snakemake.params.mount,
        layout=Path(snakemake.input.index).parent,
        images={name: Path(image) for name in FORMATS if (image := snakemake.input.get(name))},
        report=Path(snakemake.output[0]),
        attestations=Path(snakemake.input.attestations) if snakemake.input.attestations else None,
    )
    print(f"verify {snakemake.wildcards.dataset}: the images and the catalog do not differ", file=sys.stderr)
