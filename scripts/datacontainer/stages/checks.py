"""Checks: errors of a configuration that a run reports before its first job."""

from pathlib import Path

from datacontainer.about.values import KEYS, WrongValueError
from datacontainer.config.dataset import Dataset
from datacontainer.config.results import Results
from datacontainer.domains.registry import with_domains
from datacontainer.entrypoint.template import template_files
from datacontainer.functions.load import check_file
from datacontainer.image.programs import check_programs
from datacontainer.runtime.errors import MissingToolError, UsageError
from datacontainer.scan.origin import check_origin
from datacontainer.sif.sign import check_key
from datacontainer.standards.standards import check_known
from datacontainer.storage.place import check_functions, is_remote


def check_dataset(dataset: Dataset, results: Results, *, named_by_folder: bool, deployed: bool = False) -> None:
    """Returns if the functions, the template and the key of a dataset exist, and the facts that its standards need.

    named_by_folder: whether the dataset has the name of its folder. Another folder may have the same name, so the
    results must come from this folder. deployed: whether the jobs have packages of their own.

    Raises:
        UsageError: if one is missing.
        MissingToolError: if a package of a domain is missing.
    """
    for spec in (*dataset.metadata, *dataset.dataset_metadata):
        try:
            check_file(spec)
        except MissingToolError:
            if not deployed:
                raise
        except UsageError as error:
            raise UsageError(f"datasets.{dataset.name}: {error}") from error
    if dataset.template is not None and not template_files(dataset.template):
        where = f"datasets.{dataset.name}.template"
        raise UsageError(f"{where}: there is no file or folder with files at {dataset.template!r}")
    if dataset.sign is not None and {"sif", "oci-sif"}.intersection(dataset.formats):
        check_key(dataset.name, dataset.sign)
    # A rule of an embedding workflow may build a program.
    check_programs(dataset, static=not dataset.base, must_exist=not dataset.after)
    for key, value in dataset.about.items():
        try:
            KEYS[key](value)
        except WrongValueError as error:
            raise UsageError(f"datasets.{dataset.name}.about.{key}: {error}") from error
    for standard in dataset.standards:
        check_known(standard, dataset.name, dataset.about, dataset.path)
    if named_by_folder:
        check_origin(dataset.name, dataset.path, results.folder)


def check_folder(dataset: Dataset) -> None:
    """Returns if the dataset's path is a folder, or a URL with which its settings agree.

    Raises:
        UsageError: otherwise.
    """
    if is_remote(dataset.path):
        check_functions(dataset.name, dataset.path, with_domains(dataset.dataset_metadata, dataset.metadata))
    elif not Path(dataset.path).is_dir():
        raise UsageError(
            f"dataset {dataset.name!r}: {dataset.path!r} is not a folder: correct datasets.{dataset.name}.path, or the "
            "folder in --config dataset=FOLDER"
        )
