"""Domains in a run: answers about names of BIDS, and a recorded failure."""

import json
import subprocess

import pyarrow.parquet as pq
import pytest

from datacontainer.domains.registry import DOMAINS, check_installed
from datacontainer.runtime.errors import MissingToolError
from tools.domainfiles import bids
from tools.engines import lacking
from tools.validators import croissant, datapackage_problems, rocrate_problems
from tools.workflow import measured


# The validators use what their libraries deprecate.
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The inplace keyword")
def test_bids_dataset_answers_questions_and_has_valid_documents(project, monkeypatch):
    try:
        check_installed(DOMAINS["bids"])
        check_installed(DOMAINS["nifti"])
    except MissingToolError as error:
        lacking(str(error))
    data = project.folder / "data"
    bids(data)
    (data / "sub-02/func/sub-02_task-rest_run-2_bold.nii").write_bytes(b"damaged")
    standards = {"standards": ["ro-crate", "croissant", "datapackage"], "about": {"published": "2020"}}
    project.configure(study={"path": "data", "metadata": ["bids", "nifti"], "formats": ["oci"], **standards})
    output = project.build(console=True, environment=measured())
    assert "warning: the metadata function 'nifti' failed on 1 file: the column `error`" in output
    assert "warning: bids: the BIDS validator found " in output
    described = json.loads(project.product("study", "dataset.json").read_text())
    assert described["errors"] == {"nifti": 1}
    assert described["metadata"]["bids"]["participants"]["count"] == 2
    assert "NIFTI_HEADER_UNREADABLE" in described["metadata"]["bids"]["validator"]["errors"]
    program = project.product("study", "bin/linux-amd64/entrypoint")
    query = 'subject = "02" and suffix = "bold" and error is missing'
    found = subprocess.run([program, "-where", query], capture_output=True, check=True)
    path, fields = found.stdout.split(b" ", maxsplit=1)
    assert path == b"/data/sub-02/func/sub-02_task-rest_run-1_bold.nii.gz"
    assert json.loads(fields).items() >= {"task": "rest", "modality": "mri", "nifti_shape": [4, 5, 6, 7]}.items()
    errors = pq.read_table(project.product("study", "catalog.parquet"))["error"].drop_null().to_pylist()
    assert errors == ["nifti: ValueError: no NIfTI header"]
    documents = project.product("study", "standards")
    assert rocrate_problems(documents, monkeypatch) == []
    assert datapackage_problems(documents) == []
    records = [record["files/path"].decode() for record in croissant(documents).records("files")]
    assert path.decode() in records and len(records) == described["files"]
