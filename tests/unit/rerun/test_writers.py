"""The rules that write below the folder of a dataset and may run after the scan."""

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


def test_unordered_writers_rules_that_no_file_in_after_depends_on_are_listed():
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


def test_unordered_writers_rule_that_creates_the_folder_is_not_listed():
    assert unordered_writers([Rule("measure", ["data"])], "data", []) == []


def test_unordered_writers_input_function_hides_the_rules_before_it():
    rules = [Rule("align", ["results/a.txt"]), Rule("done", ["done"], [lambda wildcards: wildcards])]
    assert unordered_writers(rules, "results", ["done"]) == []
