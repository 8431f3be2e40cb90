"""Adaptor of the rules compile and compile_packer."""

from pathlib import Path

from datacontainer.entrypoint.compile import compile_entrypoint, compile_packer
from datacontainer.entrypoint.names import BESIDE
from datacontainer.runtime.logs import stage
from datacontainer.runtime.seals import check, seal

with stage(snakemake.log[0], " ".join(["compile", *snakemake.wildcards]), snakemake.input, snakemake.params):
    binary, cache = Path(snakemake.output[0]), Path(snakemake.params.cache)
    # Not by the rule's name, which an embedding workflow may change.
    if snakemake.input.get("source"):
        check(snakemake.input.seal, snakemake.input.source)
        compile_entrypoint(Path(snakemake.input.source), binary, snakemake.params.platform, cache)
    else:
        compile_packer([Path(path) for path in snakemake.input], binary, cache)
    beside = binary.with_name(BESIDE)
    seal(snakemake.output.seal, read=[binary, beside] if beside.exists() else [binary])
