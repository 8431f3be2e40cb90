"""Adaptor of the rule attest."""

from pathlib import Path

from datacontainer.image.attest import attestations
from datacontainer.image.referrers import write_attestations
from datacontainer.runtime.logs import stage
from datacontainer.runtime.seals import seal

with stage(snakemake.log[0], f"attest {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    layout, summary = Path(snakemake.input.index).parent, Path(snakemake.input.summary)
    binaries = [Path(binary) for binary in snakemake.input.binaries]
    made = attestations(snakemake.params.recipe, layout=layout, summary=summary, binaries=binaries)
    write_attestations(made, Path(snakemake.output[0]))
    seal(snakemake.output.seal, read=snakemake.output[:1])
