"""The stage convert_oci."""

from pathlib import Path

from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import seal
from datacontainer.sif.convert import SifRequest
from datacontainer.sif.ocisif import convert_oci
from datacontainer.stages.base import base_of, identity_of
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Writes the OCI-SIF of the dataset's files."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("convert_oci"), dataset, results)
    image = results.image("oci-sif")
    convert_oci(
        SifRequest(
            identity=identity_of(task),
            platform=dataset.platforms[0],
            packer=task.packer,
            layout=results.layout,
            summary=results.summary,
            image=image,
            key=Path(dataset.sign) if dataset.sign else None,
            compression=dataset.compression,
            threads=task.threads,
            base=base_of(task),
        )
    )
    seal(results.seal("convert_oci"), made_with, unread=[image])
