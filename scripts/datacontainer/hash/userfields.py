"""User fields: calls the metadata functions of users for the files of a shard."""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from datacontainer.catalog.fields import BUILT_IN, FieldTable
from datacontainer.functions.files import ListedFile, changed
from datacontainer.functions.process import FunctionError, call_functions
from datacontainer.functions.work import Work, function_sources
from datacontainer.hash.failures import ERROR, Failures, FunctionsError, Recorded
from datacontainer.hash.known import Functions, Known
from datacontainer.hash.shard import Job, staged
from datacontainer.runtime.errors import DataError
from datacontainer.runtime.outputs import completed
from datacontainer.runtime.progress import Progress
from datacontainer.scan.records import DIRECTORY, FILE, Record, decode, read_records

FUNCTIONS = b"functions"


def write_user_fields(job: Job, name: str, known: Known | None) -> Mapping[str, int]:
    """Writes the fields of a shard's files: as columns with their kind in the metadata, and as texts for later runs.

    known: earlier results. Returns the number of recorded failures of each function. The errors are those of
    user_fields. A later run calls the functions again for the files on which one failed.
    """
    records = [one for one in read_records(job.results.list_of(name)) if one.kind != DIRECTORY]
    before: list[str | None] = known.fields if known else [None] * len(records)
    recorded = Recorded(job.recorded)
    root = job.root
    if job.stages:
        # The inodes of the copies are not those of the list.
        root, records = str(staged(job, name)), [one._replace(inode=0) for one in records]
    texts = user_fields(root, records, job.functions, before, job.function_seconds, recorded=recorded)
    table = FieldTable()
    for text in texts:
        table.append(json.loads(text) if text else {})
    arrays = table.arrays()
    schema = pa.schema([field for field, _ in arrays])
    with completed(job.results.fields(name)) as partial:
        pq.write_table(pa.table([array for _, array in arrays], schema), partial, compression="zstd")
    for row in recorded.rows:
        texts[row] = None
    about = {FUNCTIONS: json.dumps(function_sources(job.functions))}
    with completed(job.results.known_fields(name)) as partial:
        column = pa.table({"fields": pa.array(texts, pa.string())}, metadata=about)
        pq.write_table(column, partial, compression="zstd", write_page_checksum=True)
    return recorded.counts


def read_fields(path: Path, functions: Functions) -> list[str | None] | None:
    """The texts that write_user_fields wrote; None if the functions were others.

    Raises:
        DataError: if the file is damaged.
    """
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        # JSON contains lists instead of tuples.
        same = json.loads(table.schema.metadata[FUNCTIONS]) == [list(function) for function in functions]
        return table["fields"].to_pylist() if same else None
    except (KeyError, ValueError, pa.ArrowException) as error:
        raise DataError(str(error)) from error


def user_fields(
    root: str,
    records: Sequence[Record],
    specs: Sequence[str],
    known: list[str | None],
    seconds: int | None = None,
    *,
    recorded: Recorded | None = None,
) -> list[str | None]:
    """Each file's fields as JSON: the known ones, or those that the functions return; None for a file without any.

    All functions are called for all files, also after failures. seconds: the limit for one call.
    recorded: the functions whose failures are recorded instead of raised; gets the failures.

    Raises:
        DataError: if a file changed during the call of a function.
        FunctionsError: if a function failed; it names the number of files and the first, and the log has all of them.
    """
    texts, recorded = known.copy(), recorded or Recorded()
    unknown = [row for row, record in enumerate(records) if texts[row] is None and record.kind == FILE]
    if not unknown:
        return texts
    failures, progress = Failures(), Progress("the metadata functions", len(unknown), "files")
    rows = iter(unknown)
    work = Work(specs, root=os.path.abspath(root), taken=(*BUILT_IN, *([ERROR] if recorded.functions else [])))
    with tempfile.TemporaryFile() as listed:
        listed.writelines(_entry(records[row]).encode() for row in unknown)
        answers = call_functions(work, listed, len(unknown), lambda n: repr(decode(records[unknown[n]].path)), seconds)
        errors: list[FunctionError] = []
        with closing(answers):
            for answer in answers:
                if not isinstance(answer, FunctionError):
                    row = next(rows)
                    texts[row] = recorded.add(row, answer, errors) if errors else answer
                    errors = []
                    progress.add(1)
                elif answer.spec in recorded.functions:
                    errors.append(last := answer)
                else:
                    failures.add(answer)
    _check_unchanged(root, records)
    if (left := sum(1 for _ in rows)) and not failures.lines():
        failures.add(last)
    if failures.lines():
        raise FunctionsError(failures, left)
    return texts


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
