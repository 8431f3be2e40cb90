"""The stage render."""

from datacontainer.entrypoint.render import render
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import check, seal
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Writes the index and the facts of the dataset, and renders the user's template."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("render"), dataset, results)
    check(results.seal("aggregate"), results.catalog, results.summary)
    render(
        template=dataset.template,
        catalog=results.catalog,
        summary=results.summary,
        mount=dataset.mount,
        folder=results.rendered,
    )
    seal(results.seal("render"), made_with, read=[results.rendered])
