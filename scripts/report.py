"""Adaptor of the rule report_dataset."""

from pathlib import Path

from datacontainer.config.formats import FORMATS
from datacontainer.report.report import report
from datacontainer.runtime.logs import stage
from datacontainer.runtime.seals import seal

with stage(snakemake.log[0], f"report {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    report(
        layout=Path(snakemake.input.index).parent,
        images={name: Path(image) for name in FORMATS if (image := snakemake.input.get(name))},
        **{name: Path(snakemake.input[name]) for name in ("catalog", "summary", "shards", "template")},
        **{name: Path(snakemake.output[name]) for name in ("page", "table", "history")},
    )
    seal(snakemake.output.seal, read=[snakemake.output.page, snakemake.output.table])
