"""Checks: errors of a configuration that a run reports before its first job."""

from datacontainer.config.dataset import Dataset
from datacontainer.config.results import Results
from datacontainer.entrypoint.template import template_files
from datacontainer.functions.load import check_file
from datacontainer.runtime.errors import UsageError
from datacontainer.scan.origin import check_origin
from datacontainer.sif.sign import check_key


def check_dataset(dataset: Dataset, results: Results, *, named_by_folder: bool) -> None:
    """Returns if the functions, the template and the key of a dataset exist.

    named_by_folder: whether the dataset has the name of its folder. Another folder may have the same name, so the
    results must come from this folder.

    Raises:
        UsageError: if one is missing.
    """
    for spec in (*dataset.metadata, *dataset.dataset_metadata):
        try:
            check_file(spec)
        except UsageError as error:
            raise UsageError(f"datasets.{dataset.name}: {error}") from error
    if dataset.template is not None and not template_files(dataset.template):
        where = f"datasets.{dataset.name}.template"
        raise UsageError(f"{where}: there is no file or folder with files at {dataset.template!r}")
    if dataset.sign is not None and "sif" in dataset.formats:
        check_key(dataset.name, dataset.sign)
    if named_by_folder:
        check_origin(dataset.name, dataset.path, results.folder)
