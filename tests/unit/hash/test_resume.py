"""The stage hash after a kill."""

from contextlib import nullcontext

import pytest

from datacontainer.stages import hash as hash_stage
from datacontainer.stages import scan as scan_stage
from datacontainer.stages.task import Task
from tools.settings import read
from tools.trees import fill


def test_run_killed_before_the_seal_of_its_batch_reads_no_shard_again(packer, dataset, tmp_path, monkeypatch):
    fill(dataset, {b"a": b"1", b"b": b"2"})
    task = Task(
        read(f"datasets: {{x: {{path: {dataset}}}}}").datasets["x"], tmp_path / "results/x", packer, tmp_path / "logs"
    )
    scan_stage.run(task)
    hashed: list[list[str]] = []
    real, seal = hash_stage.hash_shards, hash_stage.seal

    def counted(job, shards, done):
        hashed.append(shards)
        return real(job, shards, done)

    def killed(path, *arguments, **options):
        if path == task.results.seal("hash", "batch-0"):
            raise KeyboardInterrupt
        seal(path, *arguments, **options)

    monkeypatch.setattr(hash_stage, "hash_shards", counted)
    # From the third run on, as with --forcerun: Snakemake deleted the output of the job, and all shards are read again.
    for kill, runs in ((True, 1), (False, 1), (True, 2), (False, 3)):
        monkeypatch.setattr(hash_stage, "seal", killed if kill else seal)
        with pytest.raises(KeyboardInterrupt) if kill else nullcontext():
            hash_stage.run(task)
        assert len(hashed) == runs
        assert task.results.seal("hash", "batch-0").exists() != kill
        assert task.results.unfinished("batch-0").exists() == (runs == 1 and kill)
        task.results.seal("hash", "batch-0").unlink(missing_ok=True)
