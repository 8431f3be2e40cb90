"""Adaptor of the rule convert."""

from pathlib import Path

from datacontainer.image.attest import documents
from datacontainer.runtime.logs import stage
from datacontainer.runtime.seals import seal
from datacontainer.sif.convert import SifRequest, convert

with stage(snakemake.log[0], f"convert {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    given, params = snakemake.input, snakemake.params
    images = {"layout": Path(given.index).parent, "summary": Path(given.summary)}
    request = SifRequest(
        identity=params.identity,
        platform=params.platform,
        packer=Path(given.packer),
        image=Path(snakemake.output[0]),
        documents=documents(params.recipe, binaries=[Path(binary) for binary in given.binaries], **images),
        key=Path(params.key[0]) if params.key else None,
        compression=params.compression,
        threads=snakemake.threads,
        **images,
    )
    convert(request)
    seal(snakemake.output.seal, unread=snakemake.output[:1])
