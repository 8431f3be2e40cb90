"""Tests of verify: Apptainer that cannot run the SIF fails nothing, and its result is in the report."""

import pytest

from datacontainer.verify import apptainer
from datacontainer.verify.comparison import Differences


@pytest.mark.parametrize(
    ("script", "result"),
    [
        (None, "not installed"),
        ('[ "$3" = --userns ]', "the SIF runs, and has its files at the mount"),
        ("echo 'no user namespaces' >&2; exit 255", "cannot run here (255)"),
        ("echo 'usage: other'; exit 2", "cannot run here (2)"),
    ],
)
def test_run_sif_apptainer_that_cannot_run_it_is_no_difference(script, result, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    notices = []
    monkeypatch.setattr(apptainer, "notice", notices.append)
    if script is not None:
        (tmp_path / "apptainer").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "apptainer").chmod(0o755)
    differences = Differences()
    assert apptainer.run_sif(tmp_path / "fruit.sif", "/data", differences) == result
    assert differences.lines == []
    assert ["Apptainer cannot run here" in one for one in notices] == [True] * ("cannot" in result)
