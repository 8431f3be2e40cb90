"""The graph of stages: what each stage is made from."""

from typing import NamedTuple

from datacontainer.config.dataset import Dataset
from datacontainer.config.formats import FORMATS
from datacontainer.config.results import Results


class Step(NamedTuple):
    """A stage, or the part of it that one job makes: a shard or a platform such as linux-amd64."""

    stage: str
    part: str = ""


PACKER = Step("packer")


def made_from(step: Step, dataset: Dataset, results: Results) -> list[Step]:
    """The steps whose files `step` reads; those behind a checkpoint read the checkpoints' files too."""
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
    # The stage of another image format.
    return [Step("assemble"), PACKER]


def checkpoints_before(stage: str) -> tuple[str, ...]:
    """The checkpoints that have to be done before a stage's key is known.

    Scan finds the names of the shards, and aggregate the digest of all content.
    """
    if stage in ("packer", "scan"):
        return ()
    return ("scan",) if stage in ("hash", "aggregate") else ("scan", "aggregate")
