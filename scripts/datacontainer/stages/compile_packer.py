"""The stage compile_packer."""

from datacontainer.entrypoint.compile import compile_packer
from datacontainer.rerun.graph import PACKER
from datacontainer.rerun.keys import PACKER_FOLDERS, key
from datacontainer.runtime.seals import seal
from datacontainer.runtime.sources import source_files
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Builds the packer, which reads and writes the data, for this machine."""
    made_with = key(PACKER, task.dataset, task.results)
    sources = [path for folder in PACKER_FOLDERS for path in source_files(folder)]
    compile_packer(sources, task.packer, task.packer.with_name("go-cache"))
    seal(task.packer.with_name(f"{task.packer.name}.seal"), made_with, read=[task.packer])
