# common: the configuration, the library, and how a rule calls a stage.
import os
import re
import shlex
import sys
from pathlib import Path

from snakemake.io import get_flag_value


def source_root():
    """The folder that holds scripts/, templates/ and packer/.

    A workflow that is used straight from a repository has only the files that it asks for: workflow/sources.txt names
    each of them, and Snakemake keeps their places in its cache.
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

from datacontainer.config.nextsteps import left_over, next_steps
from datacontainer.config.settings import read_settings
from datacontainer.config.targets import target_files
from datacontainer.config.typed import Typed, read_file
from datacontainer.entrypoint.gobuild import find_go
from datacontainer.rerun.due import Authority
from datacontainer.rerun.graph import Step, checkpoints_before, made_from
from datacontainer.rerun.writers import unordered_writers
from datacontainer.runtime.errors import DataContainerError, UsageError
from datacontainer.runtime.lock import hold
from datacontainer.runtime.logs import last_error
from datacontainer.runtime.resources import memory_mb, runtime_minutes, size_of
from datacontainer.config.results import PACKER, Results
from datacontainer.stages.checks import check_dataset, check_writable
from datacontainer.stages.task import Task
from snakemake.exceptions import IncompleteCheckpointException, WorkflowError
from snakemake.io import checkpoint_target
from snakemake.logging import logger
from snakemake.settings.types import DeploymentMethod


def stop(error):
    """Ends the run with one line; Snakemake prints a trace below an exception's."""
    if workflow.scheduler is not None:
        raise WorkflowError(str(error))
    logger.error(f"error: {error}")
    raise SystemExit(getattr(error, "exit_status", UsageError.exit_status))


def or_stop(function, *arguments, **named):
    """The result of a function of the library; ends the run with one line if the function raises."""
    try:
        return function(*arguments, **named)
    except DataContainerError as error:
        stop(error)


# A checkout brings a configuration; `--config dataset=FOLDER` and an embedding workflow need none.
if os.path.exists("config/config.yaml") and not workflow.modifier.skip_configfile:
    # Snakemake's own message about a syntax error has no line number.
    or_stop(read_file, "config/config.yaml")

    configfile: "config/config.yaml"


TYPED = Typed(workflow.configfiles, workflow.config_settings.config_args or ())
SETTINGS = or_stop(read_settings, config, ROOT / "workflow/schemas/config.schema.yaml", TYPED)

# What an embedding workflow's `prefix` and `pathvars` make of a path. Each `use rule` reads this file again.
MODIFIER = workflow.modifier


wildcard_constraints:
    dataset="|".join(map(re.escape, SETTINGS.datasets)),
    shard="[0-9a-f]{20}",
    platform="linux-(amd64|arm64)",


def dataset_of(wildcards):
    """The dataset that a job is about; the packer is about none, and any will do."""
    return SETTINGS.datasets[wildcards.get("dataset", next(iter(SETTINGS.datasets)))]


def place(path):
    """The path, such as "<results>/x", where the embedding workflow wants it."""
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
