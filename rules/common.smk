# What all rules share: the configuration, and the Python package that does the work.
import sys
from pathlib import Path

# A workflow used straight from a repository has only the files it asks for: workflow/sources.txt names each of them.
SOURCES = {
    name: workflow.source_path(f"../{name}")
    for name in Path(workflow.source_path("../workflow/sources.txt")).read_text().split()
}
LIBRARY_FILES = [Path(path) for name, path in SOURCES.items() if name.startswith("scripts/")]
ENTRYPOINT_FILES = [path for name, path in SOURCES.items() if name.startswith("templates/entrypoint/")]
DOCKERFILE_TEMPLATE = SOURCES["templates/Dockerfile.j2"]
REPORT_TEMPLATE = SOURCES["templates/report.html.j2"]
sys.path.insert(0, str(Path(SOURCES["scripts/datacontainer/__init__.py"]).parents[1]))

from datacontainer.config.settings import read_settings
from datacontainer.runtime.errors import DataContainerError, UsageError
from datacontainer.runtime.lock import hold
from datacontainer.runtime.logs import last_error
from datacontainer.config.nextsteps import left_over, next_steps
from datacontainer.scan.origin import check_origin
from datacontainer.runtime.codedigest import code_digest, files_digest
from datacontainer.entrypoint.compile import PACKER_MODULES
from datacontainer.entrypoint.render import template_files
from datacontainer.runtime.resources import memory_mb, runtime_minutes, size_of
from datacontainer.scan.scan import fingerprint, read_shards, read_state
from datacontainer.runtime.seals import break_seals
from datacontainer.functions.load import check_file, source_digest
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

try:
    SETTINGS = read_settings(config, Path(workflow.source_path("../workflow/schemas/config.schema.yaml")))
except DataContainerError as error:
    raise WorkflowError(str(error)) from None


# What the packer is made of: it knows this digest.
PACKER_FILES = [path for name, path in SOURCES.items() if name.startswith(PACKER_MODULES)]
PACKER_SOURCES = files_digest(PACKER_FILES)


wildcard_constraints:
    dataset="|".join(SETTINGS.datasets),
    shard="[0-9a-f]{20}",
    platform="linux-(amd64|arm64)",


def dataset_of(wildcards):
    return SETTINGS.datasets[wildcards.dataset]


def code(stage):
    """A digest of the stage's own code, so that a change of it makes the stage run again."""
    return code_digest(stage, LIBRARY_FILES)
