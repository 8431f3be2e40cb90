"""Writers: the rules of an embedding workflow that write into a dataset's folder."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Rule(Protocol):
    """What is asked of a rule: names of files, or functions that give them, and whether it makes a file."""

    name: str
    input: Iterable[Any]
    output: Iterable[Any]

    def is_producer(self, file: str, /) -> bool:
        """Whether the file is an output of the rule."""


def unordered_writers(rules: Sequence[Rule], folder: str, before: Iterable[str]) -> list[str]:
    """The names of the rules that write below `folder` and are not upstream of it or of the files `before`, sorted.

    It is empty where an input function keeps that from being known before the run.
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
    """Whether an output, as far as its name is known before its wildcards are, is in the folder."""
    known = [os.path.normpath(str(output).split("{")[0] + "x") for output in rule.output]
    return any(name.startswith(f"{folder}/") for name in known)
