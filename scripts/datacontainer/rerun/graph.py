"""The graph of stages: the steps whose output each stage reads."""

from typing import NamedTuple

from datacontainer.config.dataset import Dataset
from datacontainer.config.formats import FORMATS
from datacontainer.config.results import Results


class Step(NamedTuple):
    """A stage, or a part of it: a batch of shards, a shard of a batch, or a platform such as linux-amd64."""

    stage: str
    part: str = ""


PACKER = Step("packer")


def made_from(step: Step, dataset: Dataset, results: Results) -> list[Step]:
    """Returns the steps whose files `step` reads. Steps after a checkpoint also read the checkpoint's files."""
    compiled = [Step("compile", platform) for platform in dataset.platform_folders]
    attested = [Step("attest"), *compiled] if dataset.attest else []
    images = [Step(FORMATS[name].stage) for name in dataset.images]
    based = [Step("base")] if dataset.base else []
    match step.stage:
        case "packer" | "base":
            return []
        case "scan":
            return [PACKER]
        case "hash" | "shard":
            return [Step("scan"), PACKER]
        case "aggregate":
            return [*(Step("hash", batch) for batch in results.batches()), *([PACKER] if dataset.formats else [])]
        case "rescan":
            batches = [] if step.part else results.batches()
            return [Step("rescan", batch) for batch in batches] or [Step("aggregate"), PACKER]
        case "render":
            return [Step("aggregate")]
        case "compile":
            return [Step("render")]
        case "assemble":
            return [Step("aggregate"), *compiled, *based, PACKER]
        case "attest":
            return [Step("assemble"), *compiled, *based]
        case "convert" | "push":
            return [Step("assemble"), *attested, *based, PACKER]
        case "report":
            return [Step("assemble"), *images]
        case "verify":
            return [Step("assemble"), *images, *attested, *compiled, *based]
    # A stage that builds an image from the layout alone, such as assemble_archive.
    return [Step("assemble"), *based, PACKER]


def shards_of(step: Step, results: Results) -> list[Step]:
    """Returns the shards that a batch of hash, or aggregate, reads or writes; each has its own seal."""
    names = results.batches().get(step.part, []) if step.stage == "hash" else results.shard_names()
    return [Step("shard", name) for name in names]


def checkpoints_before(stage: str) -> tuple[str, ...]:
    """Returns the checkpoints that must finish before the key of a stage is known.

    Scan determines the names of the shards, and aggregate the digest of all content.
    """
    if stage in ("packer", "scan", "base"):
        return ()
    return ("scan",) if stage in ("hash", "aggregate") else ("scan", "aggregate")
