"""Tests of verify: an engine that cannot run the SIF fails nothing, and each result is in the report."""

import pytest

from datacontainer.verify import apptainer
from datacontainer.verify.comparison import Differences


@pytest.mark.parametrize(
    ("script", "result", "line"),
    [
        (None, "not installed", ""),
        ("echo 'checked the index and 2 files: no differences'", "the SIF runs, and has its files at the mount", ""),
        ('[ "$3" = --userns ] && echo checked || exit 1', "the SIF runs, and has its files at the mount", ""),
        ("echo 'no user namespaces' >&2; exit 255", "cannot run here (exit status 255)", ""),
        ("echo 'usage: other'; exit 2", "cannot run here (exit status 2)", ""),
        (
            "printf '/tmp/a: missing\\nchecked the index and 2 files: 1 difference\\n'; exit 1",
            "the SIF runs, and lacks files",
            "Apptainer hides files of the SIF at '/tmp': /tmp/a: missing; it binds a folder of this machine over it",
        ),
    ],
)
def test_run_sif_result_of_apptainer_is_reported(script, result, line, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    notices = []
    monkeypatch.setattr(apptainer, "notice", notices.append)
    if script is not None:
        (tmp_path / "apptainer").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "apptainer").chmod(0o755)
    differences = Differences()
    assert apptainer.run_sif(tmp_path / "fruit.sif", "/tmp", differences) == result
    assert "".join(differences.lines).startswith(line)
    assert bool(differences.lines) == bool(line)
    assert any("the SIF was not run, as Apptainer cannot run here" in one for one in notices) == ("cannot" in result)
