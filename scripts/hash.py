"""Adaptor of the rules hash and hash_records."""

from pathlib import Path

from datacontainer.hash.hash import hash_shard
from datacontainer.runtime.logs import stage
from datacontainer.runtime.seals import check, seal

with stage(snakemake.log[0], f"hash {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    outputs = {name: Path(path) for name, path in snakemake.output.items() if name != "seal"}
    check(snakemake.input.seal, snakemake.input.list)
    hash_shard(
        packer=Path(snakemake.input.packer),
        shard_list=Path(snakemake.input.list),
        known=outputs["records"].parent / "known",
        code=snakemake.params.code + snakemake.params.packer,
        threads=snakemake.threads,
        compression=snakemake.params.get("compression", "none"),
        **{name: snakemake.params.get(name) for name in ("root", "mount", "digests", "functions", "rescan")},
        **outputs,
    )
    unread = [outputs["layer"]] if "layer" in outputs else []
    seal(snakemake.output.seal, read=[outputs["records"], outputs["facts"]], unread=unread)
