"""The graph of stages: the steps whose output each stage reads."""

from typing import NamedTuple

from datacontainer.config.dataset import Dataset
from datacontainer.config.formats import FORMATS
from datacontainer.config.results import Results


class Step(NamedTuple):
    """A stage, or the part of a stage that one job handles: a shard, or a platform such as linux-amd64."""

    stage: str
    part: str = ""


PACKER = Step("packer")


def made_from(step: Step, dataset: Dataset, results: Results) -> list[Step]:
    """Returns the steps whose files `step` reads. Steps after a checkpoint also read the checkpoint's files."""
    compiled = [Step("compile", platform) for platform in dataset.platform_folders]
    attested = [Step("attest"), *compiled] if dataset.attest else []
    images = [Step(FORMATS[name].stage) for name in dataset.images]
    match step.stage:
        case "packer":
            return []
        case "scan":
            return [PACKER]
        case "hash":
            return [Step("scan"), PACKER]
        case "aggregate":
            return [Step("hash", shard) for shard in results.shard_names()]
        case "rescan":
            shards = [] if step.part else results.shard_names()
            return [Step("rescan", shard) for shard in shards] or [Step("aggregate"), PACKER]
        case "render":
            return [Step("aggregate")]
        case "compile":
            return [Step("render")]
        case "assemble":
            return [Step("aggregate"), *compiled, PACKER]
        case "attest":
            return [Step("assemble"), *compiled]
        case "convert":
            return [Step("assemble"), *attested, PACKER]
        case "report":
            return [Step("assemble"), *images]
        case "verify":
            return [Step("assemble"), *images, *attested, *compiled]
    # A stage that builds an image from the layout alone, such as assemble_archive.
    return [Step("assemble"), PACKER]


def checkpoints_before(stage: str) -> tuple[str, ...]:
    """Returns the checkpoints that must finish before the key of a stage is known.

    Scan determines the names of the shards, and aggregate the digest of all content.
    """
    if stage in ("packer", "scan"):
        return ()
    return ("scan",) if stage in ("hash", "aggregate") else ("scan", "aggregate")
