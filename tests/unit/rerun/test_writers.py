"""Which rules write below a dataset's folder and may run after it is listed."""

import re
from dataclasses import dataclass, field

from datacontainer.rerun.writers import unordered_writers


@dataclass
class Rule:
    name: str
    output: list[str]
    input: list[object] = field(default_factory=list)

    def is_producer(self, file: str) -> bool:
        patterns = [re.sub(r"\\\{\w+\\\}", ".+", re.escape(output)) for output in self.output]
        return any(re.fullmatch(pattern, file) for pattern in patterns)


def test_unordered_writers_are_those_that_nothing_waits_for():
    rules = [
        Rule("align", ["results/a.txt"]),
        Rule("call", ["results/{sample}/b.txt"], ["results/a.txt"]),
        Rule("done", ["done"], ["results/1/b.txt"]),
        Rule("other", ["results2/c.txt"]),
        Rule("late", ["results/./late.txt"], ["done"]),
    ]
    assert unordered_writers(rules, "results", []) == ["align", "call", "late"]
    assert unordered_writers(rules, "results", ["done"]) == ["late"]
    assert unordered_writers(rules, "results", ["results/late.txt", "done"]) == ["late"]
    assert unordered_writers(rules, "results", ["results/./late.txt"]) == []


def test_unordered_writers_rule_that_makes_the_folder_is_waited_for():
    assert unordered_writers([Rule("measure", ["data"])], "data", []) == []


def test_unordered_writers_nothing_is_known_behind_an_input_function():
    rules = [Rule("align", ["results/a.txt"]), Rule("done", ["done"], [lambda wildcards: wildcards])]
    assert unordered_writers(rules, "results", ["done"]) == []
