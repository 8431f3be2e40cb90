"""The stage render."""

from datacontainer.entrypoint.render import render
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import check, seal
from datacontainer.runtime.sources import source_files
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Renders the Go source of the dataset's entrypoint, and writes the index that it embeds."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("render"), dataset, results)
    check(results.seal("aggregate"), results.catalog, results.summary)
    render(
        module=source_files("templates/entrypoint/"),
        template=dataset.template,
        catalog=results.catalog,
        summary=results.summary,
        mount=dataset.mount,
        folder=results.source,
    )
    seal(results.seal("render"), made_with, read=[results.source])
