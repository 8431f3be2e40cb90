"""The stage report."""

from datacontainer.report.report import report
from datacontainer.rerun.graph import Step
from datacontainer.rerun.keys import key
from datacontainer.runtime.seals import seal
from datacontainer.runtime.sources import ROOT
from datacontainer.stages.task import Task
from datacontainer.standards.standards import STANDARDS


def run(task: Task) -> None:
    """Writes the report page and table of the dataset and its images."""
    dataset, results = task.dataset, task.results
    made_with = key(Step("report"), dataset, results)
    page, table = results.folder / "report.html", results.folder / "report.tsv"
    report(
        catalog=results.catalog,
        summary=results.summary,
        shards=results.shards,
        layout=results.layout,
        images={name: results.image(name) for name in dataset.images},
        template=ROOT / "templates/report.html.j2",
        page=page,
        table=table,
        history=results.folder / "history.tsv",
        documents=[f"{STANDARDS[name].title} in standards/{STANDARDS[name].file}" for name in dataset.standards],
        reference=dataset.push,
    )
    seal(results.seal("report"), made_with, read=[page, table])
