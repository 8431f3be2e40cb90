"""Task: the argument of a stage's command."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datacontainer.config.dataset import Dataset
from datacontainer.config.results import Results


@dataclass(frozen=True)
class Task:
    """A stage's work on a dataset.

    folder: of the dataset's results. packer: the packer's path. logs: the folder of the dataset's logs. parts: the
    batches or platforms (linux-amd64) to handle, for a stage that has jobs for each. threads: how many cores to use.
    batches: the number of jobs in which to hash the dataset; 0 for as many as a cluster needs. run: the id of the run
    to which the job belongs; "" without a run.
    """

    dataset: Dataset
    folder: Path
    packer: Path
    logs: Path
    parts: tuple[str, ...] = ()
    threads: int = 1
    batches: int = 1
    run: str = ""

    @property
    def results(self) -> Results:
        """The paths of the dataset's results."""
        return Results(self.folder)

    def to_json(self) -> str:
        """The task as text of printable ASCII without angle brackets, safe in a command line and in an HTML page."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values["dataset"] = dataclasses.asdict(self.dataset)
        return json.dumps(values, default=str).replace("<", "\\u003c").replace(">", "\\u003e")

    @classmethod
    def from_json(cls, text: str) -> "Task":
        """The task from the text of `to_json`."""
        values = json.loads(text)
        paths = {name: Path(values[name]) for name in ("folder", "packer", "logs")}
        return cls(
            dataset=_dataset(values["dataset"]),
            parts=tuple(values["parts"]),
            threads=values["threads"],
            batches=values["batches"],
            run=values["run"],
            **paths,
        )


def _dataset(values: Mapping[str, Any]) -> Dataset:
    """The dataset, with tuples in place of JSON's lists."""
    return Dataset(**{name: _frozen(value) for name, value in values.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value
