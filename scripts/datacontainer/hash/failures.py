"""Failures: the errors of the functions on the files of one or more shards."""

import json
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from datacontainer.functions.process import REMEDY, FunctionError
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import logger

# The column of the catalog with the failures.
ERROR = "error"
# An exception in a problem, or after the name of a file: "ValueError('no header'), in line 2 of 'mine.py'".
RAISED = re.compile(r"(?:^|': )(\w+)\(.*, in line (\d+ of '[^']*')", re.DOTALL)
SHOWN_CAUSES = 5


class FunctionsError(UsageError):
    """Functions failed on files of one or more shards. failures: the functions. left: the files without any call."""

    def __init__(self, failures: "Failures", left: int) -> None:
        """See the class."""
        lines = failures.lines()
        if left:
            lines.append(f"no function was called for {left:,} other files, as functions ended their process too often")
        super().__init__(lines[0], lines[1:])
        self.failures, self.left = failures, left


def raise_joined(errors: Sequence[BaseException]) -> None:
    """Returns if there are no errors of shards.

    Raises:
        FunctionsError: if there is no other error, for all shards together.
        BaseException: otherwise the first other error.
    """
    of_functions = [error for error in errors if isinstance(error, FunctionsError)]
    for error in errors:
        if not isinstance(error, FunctionsError):
            raise error
    if of_functions:
        failures = Failures()
        for one in of_functions:
            failures.join(one.failures)
        raise FunctionsError(failures, sum(one.left for one in of_functions))


@dataclass
class Recorded:
    """The failures that do not stop a run: the column `error` records them.

    functions: those whose failures are recorded. counts: the files, by function. rows: of the files in their shard.
    """

    functions: Sequence[str] = ()
    counts: Counter[str] = field(default_factory=Counter)
    rows: list[int] = field(default_factory=list)

    def add(self, row: int, fields: str | None, errors: Iterable[FunctionError]) -> str:
        """The fields of a file, as JSON, with its errors; logs the first error of each function."""
        for error in errors:
            if not self.counts[error.spec]:
                logger.info("%s", error)
            self.counts[error.spec] += 1
        self.rows.append(row)
        reasons = "; ".join(error.reason for error in errors)
        return json.dumps(json.loads(fields or "{}") | {ERROR: reasons})


class Failures:
    """The functions that failed, with the number of files and the first error of each cause."""

    def __init__(self) -> None:
        """No failures."""
        self._first: dict[Hashable, FunctionError] = {}
        self._counts: Counter[Hashable] = Counter()

    def join(self, later: "Failures") -> None:
        """Adds the failures on files of a later shard."""
        self._first = later._first | self._first
        self._counts += later._counts

    def add(self, error: FunctionError) -> None:
        """Counts and logs an error; logs the trace of the first one of a cause."""
        key = error.spec, cause(error.problem)
        first = self._first.setdefault(key, error) is error
        self._counts[key] += 1
        logger.error("%s%s", f"{error.trace}\n" if first and error.trace else "", error)

    def lines(self) -> list[str]:
        """A line for each of the causes with the most files."""
        lines = [_line(self._first[key], number) for key, number in self._counts.most_common(SHOWN_CAUSES)]
        more = len(self._counts) - len(lines)
        return [*lines, *([f"{more} more causes: the log lists them"] if more else [])]


def cause(problem: str) -> tuple[str, ...]:
    """The type and the line of an exception, which one cause has for all files; () for other problems."""
    found = RAISED.search(problem)
    return found.groups() if found else ()


def _line(first: FunctionError, number: int) -> str:
    failed = f"the metadata function {first.spec!r} failed on {number} {'file' if number == 1 else 'files'}"
    return f"{failed}, first: {first.subject}: {first.problem}; {REMEDY}"
