"""Adaptor of the rule attest."""

from pathlib import Path

from datacontainer.attest import attestations
from datacontainer.logs import stage
from datacontainer.referrers import write_attestations

with stage(snakemake.log[0], f"attest {snakemake.wildcards.dataset}"):
    layout, summary = Path(snakemake.input.index).parent, Path(snakemake.input.summary)
    binaries = [Path(binary) for binary in snakemake.input.binaries]
    made = attestations(snakemake.params.recipe, layout=layout, summary=summary, binaries=binaries)
    write_attestations(made, Path(snakemake.output[0]))
