"""Adaptor of the rule convert."""

from pathlib import Path

from datacontainer.attest import documents
from datacontainer.convert import convert
from datacontainer.logs import stage

with stage(snakemake.log[0], f"convert {snakemake.wildcards.dataset}"):
    given, params = snakemake.input, snakemake.params
    layout, summary, binaries = Path(given.index).parent, Path(given.summary), [Path(one) for one in given.binaries]
    convert(
        identity=params.identity,
        platform=params.platform,
        packer=Path(given.packer),
        layout=layout,
        summary=summary,
        image=Path(snakemake.output[0]),
        documents=documents(params.recipe, layout=layout, summary=summary, binaries=binaries),
        key=Path(params.key[0]) if params.key else None,
    )
