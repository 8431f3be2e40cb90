"""The jobs of a dead run in Slurm, with commands that only record their arguments; tests/engines tests a real Slurm."""

import logging
import os

import pytest

from datacontainer.runtime import slurmjobs
from datacontainer.runtime.slurmjobs import cancel_jobs, note_name

SQUEUE = """echo 1 rule_hash_wildcards_fruit_batch-0
echo 2_[1-3] rule_dc_convert_wildcards_fruit
echo 3 rule_hash_wildcards_other_batch-0
echo 4 rule_align
echo 5 rule_hash_wildcards_other_2_batch-0"""


@pytest.fixture(autouse=True)
def _asked_again():
    """Forgets the answers of Slurm."""
    slurmjobs._queued.cache_clear()


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """Writes the fake commands; returns the file with the arguments."""

    def write(squeue):
        for name, text in {"squeue": squeue, "scancel": ":"}.items():
            (tmp_path / name).write_text(f'#!/bin/sh\necho {name} "$@" >>"{tmp_path}/called"\n{text}\n')
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return tmp_path / "called"

    return write


def test_cancel_jobs_cancels_those_of_the_run_and_the_dataset(commands):
    called = commands(SQUEUE)
    assert cancel_jobs("name", "fruit") == 2
    assert cancel_jobs("name", "other") == 1
    assert called.read_text() == "squeue --noheader --name=name --format=%i %k\nscancel 1 2_[1-3]\nscancel 3\n"


@pytest.mark.parametrize("squeue", ["exit 1", ":", "echo 5"])
def test_cancel_jobs_without_an_answer_cancels_none(commands, squeue):
    called = commands(squeue)
    assert cancel_jobs("name", "fruit") == 0
    assert "scancel" not in called.read_text()


def test_cancel_jobs_without_slurm_cancels_none(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cancel_jobs("name", "fruit") == 0


@pytest.mark.parametrize(("message", "noted"), [("SLURM run ID: a-1_b", ["a-1_b"]), ("other", []), (None, [])])
def test_note_name_of_the_plugins_record_is_noted_and_every_record_passes(monkeypatch, message, noted):
    found = []
    monkeypatch.setattr(slurmjobs, "note_slurm", found.append)
    assert note_name(logging.makeLogRecord({"msg": message}))
    assert found == noted
