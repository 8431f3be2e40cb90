"""Adaptor of the rule rescan."""

import sys
from pathlib import Path

from datacontainer.hash.rescan import rescan
from datacontainer.runtime.logs import stage

with stage(snakemake.log[0], f"rescan {snakemake.wildcards.dataset}", snakemake.input, snakemake.params):
    rescan([Path(path) for path in snakemake.input.shards], Path(snakemake.output[0]))
    print(f"rescan {snakemake.wildcards.dataset}: every file is as it was recorded", file=sys.stderr)
