# common: the configuration, the library, and the command that runs a stage.
import os
import re
import shlex
import sys
from pathlib import Path

from snakemake.io import get_flag_value


def print_stop(kind, error, trace):
    """Prints one line for Ctrl-C instead of a trace, until the console of the run does."""
    if issubclass(kind, KeyboardInterrupt):
        print("stopped before the first job; run the same command again", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


if workflow.modifier.is_main_snakefile():
    sys.excepthook = print_stop


def source_root():
    """The folder that holds scripts/, templates/ and packer/.

    Snakemake downloads a workflow from a repository file by file, on request: this function requests each file that
    workflow/sources.txt lists, and Snakemake stores them in its cache under the same relative paths.
    """
    listed = workflow.source_path("../workflow/sources.txt")
    original = get_flag_value(listed, "sourcecache_entry")
    if os.path.exists(original):
        return Path(os.path.abspath(original)).parents[1]
    for name in Path(listed).read_text().split():
        workflow.source_path(f"../{name}")
    return Path(listed).parents[1]


ROOT = source_root()
sys.path.insert(0, str(ROOT / "scripts"))

from datacontainer.config.settings import read_settings
from datacontainer.config.targets import TARGETS, target_files
from datacontainer.rerun.due import Authority
from datacontainer.rerun.graph import Step, checkpoints_before, made_from
from datacontainer.rerun.writers import unordered_writers
from datacontainer.runtime.channel import Amount
from datacontainer.runtime.errors import DataContainerError, UsageError
from datacontainer.runtime.lock import hold
from datacontainer.runtime.resources import memory_mb, runtime_minutes, size_of
from datacontainer.config.results import PACKER, Results
from datacontainer.stages.checks import check_dataset
from datacontainer.stages.task import Task
from datacontainer.terminal.console import Console
from datacontainer.terminal.failures import Failures
from datacontainer.terminal.summary import summary
from snakemake.exceptions import IncompleteCheckpointException, WorkflowError
from snakemake.io import checkpoint_target
from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod


def stop(error):
    """Ends the run with one line and the exit status of the error; Snakemake prints a trace below an exception."""
    if workflow.scheduler is not None:
        if CONSOLE:
            CONSOLE.failures.add_run(f"error: {error}")
        raise WorkflowError(str(error))
    logger.error(f"error: {error}")
    raise SystemExit(getattr(error, "exit_status", UsageError.exit_status))


try:
    SETTINGS = read_settings(config, ROOT / "workflow/schemas/config.schema.yaml")
except DataContainerError as error:
    stop(error)

# Applies `prefix` and `pathvars` of an embedding workflow to paths. Each `use rule` reads this file again.
MODIFIER = workflow.modifier


wildcard_constraints:
    dataset="|".join(map(re.escape, SETTINGS.datasets)),
    shard="[0-9a-f]{20}",
    platform="linux-(amd64|arm64)",


def dataset_of(wildcards):
    """The dataset of a job; the job that compiles the packer belongs to no dataset and gets the first."""
    return SETTINGS.datasets[wildcards.get("dataset", next(iter(SETTINGS.datasets)))]


def place(path):
    """The path of a template such as "<results>/x", with the prefix of an embedding workflow."""
    return str(MODIFIER.pathvars.apply(MODIFIER.modify_path(path)))


def results_of(name):
    """The paths of a dataset's results."""
    return Results(Path(place("<results>")) / name)


def command(stage, part=None):
    """A param: the command that runs a stage. part: the wildcard that names the shard or the platform.

    Snakemake does not compare a param that depends on outputs or threads: seals decide what runs again.
    """

    def resolve(wildcards, output, threads):
        dataset = dataset_of(wildcards)
        task = Task(
            dataset=dataset,
            folder=results_of(dataset.name).folder,
            packer=Path(place(f"<results>/{PACKER}")),
            logs=Path(place("<logs>")) / dataset.name,
            parts=(wildcards[part],) if part else (),
            threads=threads,
        )
        deployed = DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
        python = "python" if deployed else sys.executable
        return shlex.join([python, str(ROOT / "scripts/datacontainer"), stage, task.to_json()])

    return resolve
