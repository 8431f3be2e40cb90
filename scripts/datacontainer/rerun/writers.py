"""Writers: rules of an embedding workflow that write into the folder of a dataset."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from datacontainer.config.dataset import Dataset
from datacontainer.runtime.errors import UsageError


class Rule(Protocol):
    """The part of a Snakemake rule that is used here. input, output: file names, or functions that return them."""

    name: str
    input: Iterable[Any]
    output: Iterable[Any]

    def is_producer(self, file: str, /) -> bool:
        """Returns whether the file is an output of the rule."""

    def has_wildcards(self) -> bool:
        """Returns whether the rule makes more than one set of files."""


def files_before(dataset: Dataset, rules: Iterable[Rule]) -> list[str]:
    """Returns the files in the dataset's `after`, and the outputs of the rules in it.

    Raises:
        UsageError: if a rule in it has wildcards.
    """
    by_name, found = {rule.name: rule for rule in rules}, list[str]()
    for name in dataset.after:
        if name in by_name and by_name[name].has_wildcards():
            raise UsageError(f"datasets.{dataset.name}.after: {name!r} has wildcards: list the files that it writes")
        found += map(str, by_name[name].output) if name in by_name else [name]
    return found


def check_writers(dataset: Dataset, rules: Sequence[Rule], before: Iterable[str]) -> None:
    """Returns if no rule writes below the dataset's folder after the scan. before: the files for which scan waits.

    Raises:
        UsageError: naming the rules that do.
    """
    if found := unordered_writers(rules, dataset.path, before):
        raise UsageError(
            f"rules write below {dataset.path!r}, and dataset {dataset.name!r} does not wait for them: "
            f"{', '.join(found)}; add their names, or a file that the last of them writes, to "
            f"datasets.{dataset.name}.after"
        )


def unordered_writers(rules: Sequence[Rule], folder: str, before: Iterable[str]) -> list[str]:
    """Returns the sorted names of rules that write below `folder` and may run after the dataset is scanned.

    They are the rules that are not upstream of the folder or of the files `before`. The list is empty if an upstream
    rule has an input function, because its inputs are known only during the run.
    """
    writers = {rule.name for rule in rules if _writes_below(rule, folder)}
    waiting: list[Any] = [folder, *before]
    while waiting and writers:
        file = waiting.pop()
        if callable(file):
            return []
        for rule in [rule for rule in rules if rule.is_producer(str(file))]:
            writers.discard(rule.name)
            rules = [one for one in rules if one is not rule]
            waiting += [getattr(given, "callable", None) or given for given in rule.input]
    return sorted(writers)


def _writes_below(rule: Rule, folder: str) -> bool:
    """Returns whether an output of the rule is below the folder, by the part of its name before the first wildcard."""
    known = [os.path.normpath(str(output).split("{")[0] + "x") for output in rule.output]
    return any(name.startswith(f"{folder}/") for name in known)
