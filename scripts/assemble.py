"""Adaptor of the rule assemble."""

import json
from pathlib import Path

from datacontainer.image.assemble import ShardLayer, assemble_layout
from datacontainer.image.dockerfile import write_dockerfile
from datacontainer.runtime.logs import stage
from datacontainer.runtime.seals import check, seal

with stage(snakemake.log[0], f"assemble {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    identity, summary = snakemake.params.identity, Path(snakemake.input.summary)
    layout, about = Path(snakemake.output.index).parent, {"compression": snakemake.params.compression}
    for facts in map(Path, snakemake.input.facts):
        check(facts.with_suffix(".seal"), facts)
    for sealed, binary in zip(snakemake.input.seals, snakemake.input.binaries, strict=True):
        check(sealed, Path(binary).parent)
    shards = zip(snakemake.input.layers, snakemake.input.facts, strict=True)
    layers = [ShardLayer(Path(layer), json.loads(Path(facts).read_bytes())) for layer, facts in shards]
    binaries = dict(zip(snakemake.params.platforms, map(Path, snakemake.input.binaries), strict=True))
    made = {"layers": layers, "binaries": binaries, "packer": Path(snakemake.input.packer)}
    assemble_layout(identity=identity, summary=summary, layout=layout, **made, **about)
    write_dockerfile(
        identity, Path(snakemake.input.template), layout, summary, Path(snakemake.output.dockerfile), **about
    )
    seal(snakemake.output.seal, read=snakemake.output[:5], unread=[layout / "blobs"])
