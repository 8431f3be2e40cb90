"""Stage: runs a stage, with the task of a Snakemake rule or with a configuration file."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from datacontainer.config.results import PACKER
from datacontainer.rerun.graph import PACKER as PACKER_STEP
from datacontainer.rerun.graph import Step, checkpoints_before, made_from
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import stage as logged
from datacontainer.runtime.run import check_run, working
from datacontainer.runtime.seals import renew
from datacontainer.runtime.sources import ROOT
from datacontainer.stages import stage
from datacontainer.stages.task import Task

if TYPE_CHECKING:
    import argparse

CONFIGURATION = Path("config/config.yaml")


class _NoPandas:
    """Refuses to import pandas: PyArrow does so to recognize its objects, but no stage has any, and it needs 0.25 s."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Raises ImportError for pandas."""
        if name == "pandas":
            raise ImportError("a stage needs no pandas")


def run_task(name: str, text: str, log: str | Path) -> int:
    """Runs a stage; text: its task as JSON."""
    return _run(name, Task.from_json(text), Path(log))


def run_given(given: "argparse.Namespace") -> int:
    """Runs a stage with the configuration that the command line names."""
    task = _task(given)
    log = Path(given.log) if given.log else task.logs / f"{given.stage}.log"
    return _run(given.stage, task, log)


def _run(name: str, task: Task, log: Path) -> int:
    sys.meta_path.insert(0, _NoPandas)
    results = task.results
    # Jobs of all datasets use the packer, which belongs to none of them.
    run = task.run if name != "compile_packer" else ""
    # Before this job touches the log, which belongs to a later run.
    check_run(results.lock, run)
    log.parent.mkdir(parents=True, exist_ok=True)
    word = name.split("_", maxsplit=1)[0]
    title = "compile the packer" if name == "compile_packer" else f"{word} {task.dataset.name}"
    work = results.jobs / "-".join([name, *task.parts])
    with logged(log, title, task.parts, {"task": task.to_json()}), working(results.lock, work, run):
        for seal in _upstream(name, task):
            renew(seal)
        stage(name)(task)
    return 0


def _upstream(name: str, task: Task) -> Iterator[Path]:
    """The seals that are inputs of the stage's job in rules/rerun.smk."""
    stage = "packer" if name == "compile_packer" else name
    steps = [one for part in task.parts or ("",) for one in made_from(Step(stage, part), task.dataset, task.results)]
    for step in {*steps, *map(Step, checkpoints_before(stage))}:
        yield task.packer.with_name("packer.seal") if step == PACKER_STEP else task.results.seal(*step)


def _task(given: "argparse.Namespace") -> Task:
    # Only the command line for users needs these imports, which cost time.
    from datacontainer.config.document import read_file
    from datacontainer.config.settings import read_settings
    from datacontainer.config.typed import Typed

    file = given.config or CONFIGURATION
    if not file.is_file():
        raise UsageError(f"there is no configuration {str(file)!r}: name it with --config FILE")
    settings = read_settings(read_file(file), ROOT / "workflow/schemas/config.schema.yaml", Typed([file]))
    names = list(settings.datasets)
    name: str = given.dataset or (names[0] if len(names) == 1 else "")
    if name not in names:
        raise UsageError(f"--dataset {given.dataset!r}: choose one of {', '.join(names)}")
    outdir = Path(settings.outdir)
    return Task(
        dataset=settings.datasets[name],
        folder=outdir / name,
        packer=outdir / PACKER,
        logs=outdir / "logs" / name,
        parts=tuple(part.replace("/", "-") for part in given.part),
        threads=given.threads,
    )
