"""What the users' functions find in a shard's files, which they may only read."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from datacontainer.catalog.fields import merge_fields
from datacontainer.functions.load import UserFunction, load
from datacontainer.functions.witness import Witness, witness
from datacontainer.hash.unchanged import check_unchanged, open_folder
from datacontainer.scan.records import FILE, Record, decode


def user_fields(root: str, records: Sequence[Record], specs: Sequence[str], known: pa.Array) -> Sequence[str | None]:
    """Each file's fields as JSON, whether they are known or come from the functions; None where there are none.

    Raises:
        DataError: when a file changed meanwhile.
        UsageError: when a function fails.
    """
    if not specs:
        return [None] * len(records)
    functions = [load(spec) for spec in specs]
    texts: list[str | None] = known.to_pylist()
    unknown = [row for row, record in enumerate(records) if texts[row] is None and record.kind == FILE]
    if not unknown:
        return texts
    with open_folder(root) as folder, witness() as told:
        for row in unknown:
            called = [_Watched(function, records[row], folder, told) for function in functions]
            name = decode(records[row].path)
            texts[row] = json.dumps(merge_fields(called, os.path.join(root, name), repr(name)))
        # A function may have written to a file that it was not asked about.
        for record in records:
            if record.kind == FILE:
                check_unchanged(record, folder, "one of the metadata functions ran")
    return texts


@dataclass(frozen=True)
class _Watched:
    """A user's function that may not change the file that it is asked about."""

    function: UserFunction
    record: Record
    folder: int
    told: Witness

    @property
    def spec(self) -> str:
        """The text in the configuration that names it."""
        return self.function.spec

    def __call__(self, path: str, subject: str) -> dict[str, Any]:
        """What it says of the file."""
        self.told.sees(f"the metadata function {self.spec!r} looked at {subject}: it has to return, or raise an error")
        fields = self.function(path, subject)
        check_unchanged(self.record, self.folder, f"the metadata function {self.spec!r} looked at it")
        return fields
