"""The stage compile."""

from datacontainer.entrypoint.compile import compile_entrypoint
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import check, seal
from datacontainer.runtime.sources import source_files
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Compiles the entrypoint for each platform."""
    for platform in task.parts or task.dataset.platform_folders:
        _compile(task, platform)


def _compile(task: Task, platform: str) -> None:
    results, binary = task.results, task.results.binary(platform)
    made_with = key(Step("compile", platform), task.dataset, results)
    check(results.seal("render"), results.rendered)
    module, cache = source_files("templates/entrypoint/"), task.packer.with_name("go-cache")
    compile_entrypoint(module, results.rendered, binary, platform.replace("-", "/"), cache)
    seal(results.seal("compile", platform), made_with, read=[binary])
