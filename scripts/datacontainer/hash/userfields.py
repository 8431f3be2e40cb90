"""User fields: calls the metadata functions of users for the files of a shard."""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from datacontainer.catalog.fields import merge_fields
from datacontainer.functions.load import FunctionError, UserFunction, load
from datacontainer.functions.witness import Witness, witness
from datacontainer.hash.unchanged import check_unchanged, open_folder
from datacontainer.runtime.errors import UsageError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.progress import Progress
from datacontainer.scan.records import FILE, Record, decode

REMEDY = "correct the function, or exclude the files with `exclude`"


def user_fields(root: str, records: Sequence[Record], specs: Sequence[str], known: pa.Array) -> Sequence[str | None]:
    """Each file's fields as JSON: the known ones, or those that the functions return; None for a file without any.

    All functions are called for all files, also after failures.

    Raises:
        DataError: if a file changed during the call of a function.
        UsageError: if a function failed; it names the number of files and the first, and the log has all of them.
    """
    if not specs:
        return [None] * len(records)
    functions = [load(spec) for spec in specs]
    texts: list[str | None] = known.to_pylist()
    unknown = [row for row, record in enumerate(records) if texts[row] is None and record.kind == FILE]
    if not unknown:
        return texts
    failures, progress = Failures(), Progress("the metadata functions", len(unknown), "files")
    with open_folder(root) as folder, witness() as watcher:
        for row in unknown:
            called = [_Watched(function, records[row], folder, watcher, failures) for function in functions]
            name = decode(records[row].path)
            with failures.collected():
                texts[row] = json.dumps(merge_fields(called, os.path.join(root, name), repr(name)))
            progress.add(1)
        # A function may have written to a file other than its argument.
        for record in records:
            if record.kind == FILE:
                check_unchanged(record, folder, "one of the metadata functions ran")
    failures.check()
    return texts


class Failures:
    """The functions that failed, with the number of files and the first error of each."""

    def __init__(self) -> None:
        """No failures."""
        self._first: dict[str, FunctionError] = {}
        self._counts: Counter[str] = Counter()

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Counts and logs a FunctionError of the block; logs the trace of the first one of a function."""
        try:
            yield
        except FunctionError as error:
            first = self._first.setdefault(error.spec, error) is error
            self._counts[error.spec] += 1
            logger.error("%s", error, exc_info=error if first else None)

    def check(self) -> None:
        """Raises UsageError if a function failed."""
        lines = [self._line(spec) for spec, _ in self._counts.most_common()]
        if lines:
            raise UsageError(lines[0], lines[1:])

    def _line(self, spec: str) -> str:
        number, first = self._counts[spec], self._first[spec]
        noun = "file" if number == 1 else "files"
        failed = f"the metadata function {spec!r} failed on {number} {noun}"
        return f"{failed}, first: {first.subject}: {first.problem}; {REMEDY}"


@dataclass(frozen=True)
class _Watched:
    """A user's function that must not change its argument, the file of a record."""

    function: UserFunction
    record: Record
    folder: int
    watcher: Witness
    failures: Failures

    @property
    def spec(self) -> str:
        """The name of the function in the configuration."""
        return self.function.spec

    def __call__(self, path: str, subject: str) -> dict[str, Any]:
        """The fields that the function returns for the file; none if it fails."""
        self.watcher.note(f"the metadata function {self.spec!r} read {subject}: it must return or raise an exception")
        fields: dict[str, Any] = {}
        with self.failures.collected():
            fields = self.function(path, subject)
        check_unchanged(self.record, self.folder, f"the metadata function {self.spec!r} read it")
        return fields
