# library: the Python library of this workflow, and errors in one line.
import gc
import os
import re
import shlex
import sys
from pathlib import Path

from snakemake.io import get_flag_value


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

from datacontainer.config.document import check_words, read_file
from datacontainer.config.settings import read_settings
from datacontainer.config.typed import Typed
from datacontainer.config.targets import TARGETS, target_files
from datacontainer.entrypoint.gobuild import find_go
from datacontainer.rerun.due import Authority
from datacontainer.rerun.graph import Step, checkpoints_before, made_from
from datacontainer.rerun.writers import check_writers, files_before
from datacontainer.runtime.channel import Amount
from datacontainer.runtime.errors import DataContainerError, UsageError
from datacontainer.runtime.interrupt import stop_at_ctrl_c
from datacontainer.runtime.outputs import check_writable
from datacontainer.runtime.resources import Size, count_files, cut, memory_mb, runtime_minutes, size_of
from datacontainer.runtime.run import begin_run, check_run, run_of_job, take_over
from datacontainer.runtime.slurmjobs import note_name
from datacontainer.config.results import PACKER, Results
from datacontainer.stages.checks import check_dataset, check_folder
from datacontainer.stages.task import Task
from datacontainer.storage.place import is_remote, plugin_of
from datacontainer.terminal.console import Console, print_stop
from datacontainer.terminal.failures import Failures
from datacontainer.terminal.summary import summary
from snakemake.exceptions import IncompleteCheckpointException, WorkflowError
from snakemake.io import checkpoint_target
from snakemake.logging import logger
from snakemake.settings.enums import Quietness
from snakemake.settings.types import DeploymentMethod

# Python would search Snakemake's many objects for garbage again and again, and once more at the end of each process.
gc.freeze()

if workflow.modifier.is_main_snakefile():
    sys.excepthook = print_stop


def jobs_run():
    """Whether jobs may run, which Snakemake ends after Ctrl-C."""
    return workflow.scheduler is not None


if workflow.is_main_process:
    stop_at_ctrl_c(jobs=jobs_run)


def stop(error):
    """Ends the run with one line and the exit status of the error; Snakemake prints a trace below an exception."""
    if jobs_run():
        if CONSOLE:
            CONSOLE.failures.add_run(f"error: {error}")
        raise WorkflowError(str(error))
    logger.error(f"error: {error}")
    raise SystemExit(getattr(error, "exit_status", UsageError.exit_status))


def or_stop(function, *arguments, **named):
    """The result of a function of the library; ends the run with one line if the function raises."""
    try:
        return function(*arguments, **named)
    except DataContainerError as error:
        stop(error)
