"""User fields: calls the metadata functions of users for the files of a shard."""

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing

import pyarrow as pa

from datacontainer.catalog.fields import BUILT_IN
from datacontainer.functions.files import ListedFile, changed
from datacontainer.functions.process import FunctionError, call_functions
from datacontainer.functions.work import Work
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.progress import Progress
from datacontainer.scan.records import FILE, Record, decode

REMEDY = "correct the function, or exclude the files with `exclude`"


def user_fields(
    root: str, records: Sequence[Record], specs: Sequence[str], known: pa.Array, seconds: int | None = None
) -> Sequence[str | None]:
    """Each file's fields as JSON: the known ones, or those that the functions return; None for a file without any.

    All functions are called for all files, also after failures. seconds: the limit for one call.

    Raises:
        DataError: if a file changed during the call of a function.
        FunctionsError: if a function failed; it names the number of files and the first, and the log has all of them.
    """
    if not specs:
        return [None] * len(records)
    texts: list[str | None] = known.to_pylist()
    unknown = [row for row, record in enumerate(records) if texts[row] is None and record.kind == FILE]
    if not unknown:
        return texts
    failures, progress = Failures(), Progress("the metadata functions", len(unknown), "files")
    rows = iter(unknown)
    work = Work(specs, root=os.path.abspath(root), taken=BUILT_IN)
    with tempfile.TemporaryFile() as listed:
        listed.writelines(_entry(records[row]).encode() for row in unknown)
        answers = call_functions(work, listed, len(unknown), lambda n: repr(decode(records[unknown[n]].path)), seconds)
        with closing(answers):
            for answer in answers:
                if isinstance(answer, FunctionError):
                    failures.add(answer)
                else:
                    texts[next(rows)] = answer
                    progress.add(1)
    _check_unchanged(root, records)
    if failures.lines():
        raise FunctionsError(failures, sum(1 for _ in rows))
    return texts


class FunctionsError(UsageError):
    """Functions failed on files of one or more shards. failures: the functions. left: the files without any call."""

    def __init__(self, failures: "Failures", left: int) -> None:
        """See the class."""
        lines = failures.lines()
        if left:
            lines.append(f"no function was called for {left:,} other files, as functions ended their process too often")
        super().__init__(lines[0], lines[1:])
        self.failures, self.left = failures, left

    @classmethod
    def joined(cls, errors: "Sequence[FunctionsError]") -> "FunctionsError":
        """The error for all shards."""
        failures = Failures()
        for one in errors:
            failures.join(one.failures)
        return cls(failures, sum(one.left for one in errors))


class Failures:
    """The functions that failed, with the number of files and the first error of each."""

    def __init__(self) -> None:
        """No failures."""
        self._first: dict[str, FunctionError] = {}
        self._counts: Counter[str] = Counter()

    def join(self, later: "Failures") -> None:
        """Adds the failures on files of a later shard."""
        self._first = later._first | self._first
        self._counts += later._counts

    def add(self, error: FunctionError) -> None:
        """Counts and logs an error; logs the trace of the first one of a function."""
        first = self._first.setdefault(error.spec, error) is error
        self._counts[error.spec] += 1
        logger.error("%s%s", f"{error.trace}\n" if first and error.trace else "", error)

    def lines(self) -> list[str]:
        """A line for each function, that with the most files first."""
        return [self._line(spec) for spec, _ in self._counts.most_common()]

    def _line(self, spec: str) -> str:
        number, first = self._counts[spec], self._first[spec]
        noun = "file" if number == 1 else "files"
        failed = f"the metadata function {spec!r} failed on {number} {noun}"
        return f"{failed}, first: {first.subject}: {first.problem}; {REMEDY}"


def _entry(record: Record) -> ListedFile:
    # If the record's path leads through symlinks that the packer follows, they are followed here too.
    return ListedFile(record.path, record.size, record.mtime_ns, record.inode, record.through > 0)


def _check_unchanged(root: str, records: Sequence[Record]) -> None:
    """Raises DataError if a file changed: a function may have written to a file other than its argument."""
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for record in records:
            if record.kind == FILE and (difference := _entry(record).difference(folder)):
                raise changed(repr(decode(record.path)), "one of the metadata functions ran", difference)
    finally:
        os.close(folder)
