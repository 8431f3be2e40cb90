"""The stage compile_packer."""

from datacontainer.entrypoint.compile import PACKER_MODULES, compile_packer
from datacontainer.rerun.graph import PACKER
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import seal
from datacontainer.runtime.sources import source_files
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Builds the packer, which reads and writes the data, for this machine."""
    made_with = key(PACKER, task.dataset, task.results)
    compile_packer(source_files(*PACKER_MODULES), task.packer, task.packer.with_name("go-cache"))
    seal(task.packer.with_name(f"{task.packer.name}.seal"), made_with, read=[task.packer])
