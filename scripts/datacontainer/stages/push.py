"""The stage push."""

from datacontainer.publish.push import push
from datacontainer.registry.reference import Reference
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.logs import note
from datacontainer.runtime.seals import seal
from datacontainer.stages.task import Task


def run(task: Task) -> None:
    """Pushes the image and its attestations to the registry that the configuration names."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("push"), dataset, results)
    done = push(results.layout, results.referrers, Reference.parse(dataset.push or ""), results.pushes)
    for line in done.lines():
        note(line)
    seal(results.seal("push"), made_with)
