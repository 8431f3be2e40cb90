"""The stage convert."""

from pathlib import Path

from datacontainer.image.attest import documents
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import seal
from datacontainer.sif.convert import SifRequest, convert
from datacontainer.stages.attest import recipe_of
from datacontainer.stages.base import base_of, identity_of
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Writes the SIF of the first platform's image."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("convert"), dataset, results)
    sif = results.image("sif")
    images = {"layout": results.layout, "summary": results.summary}
    binaries = [results.binary(platform) for platform in dataset.platform_folders]
    convert(
        SifRequest(
            identity=identity_of(task),
            platform=dataset.platforms[0],
            packer=task.packer,
            image=sif,
            documents=documents(recipe_of(task), binaries=binaries, **images),
            key=Path(dataset.sign) if dataset.sign else None,
            compression=dataset.compression,
            threads=task.threads,
            base=base_of(task),
            **images,
        )
    )
    seal(results.seal("convert"), made_with, unread=[sif])
