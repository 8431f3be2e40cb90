"""Domains in a run: answers about names of BIDS, recorded failures, and no read of unchanged files."""

import json
import subprocess

import pyarrow.parquet as pq

from datacontainer.domains.registry import DOMAINS, check_installed
from datacontainer.runtime.errors import MissingToolError
from tools.domainfiles import bids
from tools.engines import lacking
from tools.workflow import fails, started


def test_bids_dataset_answers_questions_and_records_damaged_files(project):
    try:
        check_installed(DOMAINS["bids"])
        check_installed(DOMAINS["nifti"])
    except MissingToolError as error:
        lacking(str(error))
    data = project.folder / "data"
    bids(data)
    (data / "sub-02/func/sub-02_task-rest_run-2_bold.nii").write_bytes(b"damaged")
    settings = {"path": "data", "metadata": ["bids", "nifti"], "formats": ["oci"]}
    project.configure(study=settings)
    output = project.build("all", "report", console=True)
    assert "warning: the metadata function 'nifti' failed on 1 file: the column `error`" in output
    assert "warning: bids: the BIDS validator found " in output
    described = json.loads(project.product("study", "dataset.json").read_text())
    assert described["errors"] == {"nifti": 1}
    assert described["metadata"]["bids"]["participants"]["count"] == 2
    assert "NIFTI_HEADER_UNREADABLE" in described["metadata"]["bids"]["validator"]["errors"]
    page = project.product("study", "report.html").read_text()
    assert "Files on which a metadata function failed" in page
    assert "BIDS validator" in page
    program = project.product("study", "bin/linux-amd64/entrypoint")
    query = 'subject = "02" and suffix = "bold" and error is missing'
    found = subprocess.run([program, "-where", query], capture_output=True, check=True)
    path, fields = found.stdout.split(b" ", maxsplit=1)
    assert path == b"/data/sub-02/func/sub-02_task-rest_run-1_bold.nii.gz"
    assert json.loads(fields).items() >= {"task": "rest", "modality": "mri", "nifti_shape": [4, 5, 6, 7]}.items()
    before = project.product("study", "catalog.parquet").read_bytes()
    errors = pq.read_table(project.product("study", "catalog.parquet"))["error"].drop_null().to_pylist()
    assert errors == ["nifti: ValueError: no NIfTI header"]

    project.configure(study=settings | {"on_error": "stop"})
    assert "'nifti' failed on 1 file in an earlier run with `on_error: record`" in fails(project)
    project.configure(study=settings | {"on_error": "record"})
    assert not {"scan", "hash"} & started(project.build())
    assert project.product("study", "catalog.parquet").read_bytes() == before
