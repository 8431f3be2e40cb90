"""Errors of a configuration before the first job."""

from dataclasses import replace
from pathlib import Path

import pytest

from datacontainer.config.dataset import Dataset
from datacontainer.config.results import Results
from datacontainer.domains.registry import DOMAINS
from datacontainer.runtime.errors import MissingToolError, UsageError
from datacontainer.stages.checks import check_dataset
from tools.settings import read


def check(dataset: Dataset, *, deployed: bool = False) -> None:
    check_dataset(dataset, Results(Path("results/fruit")), named_by_folder=False, deployed=deployed)


def test_check_dataset_program_must_exist_unless_a_rule_makes_it():
    text = "{path: a, commands: {count: {description: x, program: missing}}}"
    (dataset,) = read(f"datasets: {{fruit: {text}}}").datasets.values()
    with pytest.raises(UsageError, match="there is no file 'missing': correct the path, or build the program"):
        check(dataset)
    check(replace(dataset, after=("programs",)))


def test_check_dataset_packages_of_a_domain_must_be_here_unless_the_jobs_have_their_own(monkeypatch):
    monkeypatch.setitem(DOMAINS, "nifti", DOMAINS["nifti"]._replace(packages=(("no_such_module", "no-such"),)))
    (dataset,) = read("datasets: {fruit: {path: a, metadata: [nifti]}}").datasets.values()
    with pytest.raises(MissingToolError, match="'nifti' needs no-such"):
        check(dataset)
    check(dataset, deployed=True)
