"""Targets: the files that a run builds for `catalog`, `entrypoint`, an image format, `report`, `verify` or `all`."""

from datacontainer.config.dataset import Dataset
from datacontainer.config.formats import FORMATS, LAYOUT, product_of

TARGETS = ("all", "catalog", "entrypoint", *FORMATS, "verify", "report", "push")
# The last file of the targets that need more than the images.
LAST = {"all": "report.html", "report": "report.html", "verify": "stages/verify/report.json"}
PUSHED = "stages/seals/push.seal"
# Requested from the start, so that a missing base ends the run before the data is read.
BASED = "stages/seals/base.seal"


def target_files(dataset: Dataset, target: str) -> list[str]:
    """Returns the files to request for a target, as paths in the dataset's results folder.

    target: catalog, entrypoint, the name of an image format, report, verify, push, or all.
    """
    if target == "push":
        return [PUSHED] if dataset.push else []
    files = ["catalog.parquet", *(["stages/rescan/report.json"] if dataset.rescan == "full" else [])]
    if target != "catalog":
        files += [f"bin/{platform}/entrypoint" for platform in dataset.platform_folders]
    if target in ("catalog", "entrypoint") or not dataset.formats:
        return files
    files += [BASED] if dataset.base else []
    wanted = dataset.images if target in LAST else [name for name in dataset.images if name == target]
    files += [product_of(dataset.name, name) for name in (LAYOUT.name, *wanted)]
    files += ["attestations"] if dataset.attest else []
    return files + ([LAST[target]] if target in LAST else [])
