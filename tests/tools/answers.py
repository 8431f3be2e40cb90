"""The expected answers of an entrypoint: rows that DuckDB selects from the catalog's Parquet, formatted by Python."""

import csv
import fnmatch
import io
import json
import math
import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tools.catalogs import BOOLEAN, COLUMNS, DIGEST, FLOAT, INTEGER, JSON, TEXT, Column
from tools.conditions import PART_COLUMNS, PARTS, UNORDERED, folded
from tools.questions import Question

Row = dict[str, Any]
MISSING = object()
PATH = PART_COLUMNS[0]
TEXTS_IN_PARQUET = {TEXT, DIGEST}
# The number of texts of a column from which Hypothesis chooses.
TEXTS = 20
# The escapes of strconv.Quote in Go.
ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    '"': r"\"",
    "\\": r"\\",
}


class Answers:
    """The expected answers for one catalog."""

    def __init__(self, catalog: Path, mount: str = "/data") -> None:
        self.database = duckdb.connect(config={"threads": 1})
        self.database.create_function("json_text", _json_text, ["DOUBLE"], "VARCHAR")
        self.database.create_function("unquoted", _unquoted, ["VARCHAR"], "BLOB")
        self.database.create_function("folded", _folded, ["VARCHAR"], "VARCHAR")
        self.database.create_function("globbed", _globbed, ["VARCHAR", "VARCHAR", "BOOLEAN"], "BOOLEAN")
        self.database.create_function("json_order", json_order, ["VARCHAR", "VARCHAR"], "INTEGER")
        names = ", ".join(["path", "c0", "mtime", *(f"c{number}" for number in range(1, len(COLUMNS))), "row"])
        self.database.execute(
            f"CREATE TABLE catalog AS SELECT hex('{mount}/') || hex(path) AS key, * "
            f"FROM read_parquet(?, file_row_number=true) AS t({names})",
            [str(catalog)],
        )
        self.rows = {}
        for row, values in enumerate(pq.read_table(catalog).to_pylist()):
            path = values.pop("path")
            key = mount.encode() + b"/" + (path.encode() if isinstance(path, str) else path)
            self.rows[key] = {column.name: _value(column, values[column.name], row) for column in COLUMNS}
        parts = ", ".join(PARTS.values())
        for key, *found in self.database.execute(f"SELECT key, {parts} FROM catalog").fetchall():
            texts = [os.fsdecode(bytes.fromhex(part)) for part in found]
            self.rows[bytes.fromhex(key)] |= dict(zip(PARTS, texts, strict=True))

    @cached_property
    def texts(self) -> dict[str, list[bytes]]:
        """Some texts of the keys and of each column's values that can be command-line arguments."""
        found = {}
        for column in [*COLUMNS, *PART_COLUMNS]:
            values = (row[column.name] for row in self.rows.values())
            texts = {_unquoted(json.dumps(value)) for value in values if value is not MISSING and value is not None}
            found[column.name] = sorted(text for text in texts if b"\0" not in text)
        return {name: texts[:: len(texts) // TEXTS + 1] for name, texts in found.items()}

    def check(self, question: Question, status: int, printed: bytes) -> None:
        """Asserts that the exit status and the output are right for the question."""
        answer = self.database.execute(question.sql()).fetchall()
        assert status == int(question.may_match_nothing and not answer)
        columns, keys = shown_columns(question), [bytes.fromhex(key) for key, _, _ in answer]
        rows = [[self.rows[key][column.name] for column in columns] for key in keys]
        if question.only == "count":
            assert printed == b"%d\n" % len(keys)
        elif question.may_match_nothing and not keys:
            assert printed == b""
        elif question.by:
            if question.format == "text":
                assert printed == b"".join(group_lines(rows, answer))
                return
            rows = [[None if value is MISSING else value for value in row] for row in rows]
            rows = [[*row, count] for row, (_, count, _) in zip(rows, answer, strict=True)]
            name = "count_" if "count" in [column.name for column in columns] else "count"
            check_table(question.format, [*columns, Column(name, INTEGER, pa.int64(), st.nothing())], rows, printed)
        elif question.format == "text" or question.only == "null":
            assert printed == self._text(question, keys)
        else:
            check_table(question.format, columns, rows, printed)

    def _text(self, question: Question, keys: list[bytes]) -> bytes:
        if question.only == "null":
            return b"".join(key + b"\0" for key in keys)
        if question.only == "ls":
            return b"".join(shown(key) + b"\n" for key in keys)
        if question.search is not None and not question.fields:
            column = question.metric
            return b"".join(b"%s %s\n" % (shown(key), as_text(self.rows[key][column.name])) for key in keys)
        between, head = (" ", "") if question.metric is None else (": ", f"Order by {question.metric.name}\n")
        if question.search is not None:
            between, head = " ", ""
        with_key = not question.fields or PATH in question.fields
        names = [column.name for column in shown_columns(question) if column != PATH]
        lines = []
        for key in keys:
            values = {name: self.rows[key][name] for name in names if self.rows[key][name] is not MISSING}
            record = json.dumps(values).encode()
            only_key = with_key and question.fields and not names
            lines.append(shown(key) if only_key else shown(key) + between.encode() + record if with_key else record)
        return head.encode() + b"".join(line + b"\n" for line in lines)


def check_table(form: str, columns: list[Column], rows: list[list[Any]], printed: bytes) -> None:
    """Asserts that the output in a format of rows contains exactly these values of the columns."""
    names = [column.name for column in columns]
    if form.startswith("json"):
        # Compares as text, so that the order of members counts. JSON has no NaN; the entrypoint prints null.
        text = printed.decode("ascii")
        found = json.loads(text) if form == "json" else [json.loads(line) for line in text.splitlines()]
        records = [dict(zip(names, row, strict=True)) for row in rows]
        given = [{name: value for name, value in record.items() if value is not MISSING} for record in records]
        assert json.dumps(found) == json.dumps(_strict(given))
        return
    if form == "parquet":
        table = pq.read_table(io.BytesIO(printed))
        assert table.column_names == names
        cells = [_from_parquet(column, table.column(at)) for at, column in enumerate(columns)]
        found = [list(row) for row in zip(*cells, strict=True)]
        kinds = [column.kind for column in columns]
        assert repr(found) == repr([list(map(_in_parquet, kinds, row)) for row in rows])
        return
    text = io.StringIO(printed.decode("utf-8", "surrogateescape"), newline="")
    head, *lines = csv.reader(text, delimiter={"csv": ",", "tsv": "\t"}[form], strict=True)
    assert head == names
    found = [list(map(_from_cell, columns, line)) for line in lines]
    assert repr(found) == repr([list(map(_in_cell, columns, row)) for row in rows]), (found, rows)


def _in_parquet(kind: str, value: Any) -> Any:
    """The value that can be read from Parquet, in which JSON has no NaN and a missing value is None."""
    if value is MISSING:
        return None
    return _strict(value) if kind == JSON else value


def _from_parquet(column: Column, values: pa.ChunkedArray) -> list[Any]:
    """The values of a column of Parquet as in Answers.rows; its type must be the one for this kind of values."""
    if column.kind == JSON:
        return [value and json.loads(value) for value in values.to_pylist()]
    if column.kind not in TEXTS_IN_PARQUET:
        assert values.type == column.type
        return values.to_pylist()
    found = [os.fsdecode(value) if isinstance(value, bytes) else value for value in values.to_pylist()]
    utf8 = all(value is None or not re.search("[\udc80-\udcff]", value) for value in found)
    assert values.type == (pa.string() if utf8 else pa.binary())
    return found


def group_lines(rows: list[list[Any]], answer: list[tuple[str, int, list[bool]]]) -> Iterator[bytes]:
    """The lines of -values and -count -by as text."""
    width = max((len(str(count)) for _, count, _ in answer), default=0)
    for row, (_, count, missing) in zip(rows, answer, strict=True):
        texts = [b"(missing)" if none else as_text(value) or b'""' for value, none in zip(row, missing, strict=True)]
        yield b"%*d %s\n" % (width, count, b"\t".join(texts))


def _strict(value: Any) -> Any:
    """The value, in which NaN and infinities are replaced by None."""
    if isinstance(value, dict):
        return {key: _strict(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_strict(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _json_text(value: float) -> str:
    """json.dumps with one argument, as DuckDB requires."""
    return json.dumps(value)


def _unquoted(value: str) -> bytes:
    """JSON as text: the text of a string, other values unchanged."""
    return os.fsencode(json.loads(value)) if value.startswith('"') else value.encode()


def json_order(value: str, literal: str) -> int:
    """-1, 0 or 1 if a value in JSON is less than, equal to or greater than a number or boolean; else UNORDERED."""
    one = json.loads(value)
    other: bool | float = literal == "true"
    if literal.lower() not in {"true", "false"}:
        other = int(literal) if re.fullmatch(r"[+-]?\d+", literal) else float(literal)
    if not isinstance(one, int | float) or isinstance(one, bool) != isinstance(other, bool) or math.isnan(one):
        return UNORDERED
    return (one > other) - (one < other)


def shown_columns(question: Question) -> list[Column]:
    """The columns of the index in the output."""
    if question.by or question.fields:
        return list(question.by or question.fields)
    if question.only == "ls":
        return [PATH]
    return [PATH, *(COLUMNS if question.search is None else [question.metric])]


def _folded(digits: str) -> str:
    return folded(bytes.fromhex(digits)).hex().upper()


def _globbed(digits: str, glob: str, fold: bool) -> bool:
    """Whether a text matches a glob, both as hexadecimal digits."""
    pattern, text = (os.fsdecode(bytes.fromhex(one)) for one in (glob, digits))
    return re.match(fnmatch.translate(pattern), text, re.IGNORECASE if fold else 0) is not None


def shown(key: bytes) -> bytes:
    """A key in text output: unchanged if it is printable, else a string literal of Go."""
    text = key.decode("utf-8", "surrogateescape")
    if text.isprintable() and not text.startswith('"'):
        return key
    return ('"' + "".join(map(_in_literal, text)) + '"').encode()


def _in_literal(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    if char in ESCAPES or char.isprintable():
        return ESCAPES.get(char, char)
    if number < 0x20 or number == 0x7F:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def as_text(value: Any) -> bytes:
    """A value as text: texts and digests as shown, others as JSON."""
    return shown(os.fsencode(value)) if isinstance(value, str) else json.dumps(value).encode()


def _value(column: Column, value: Any, row: int) -> Any:
    """A value of the catalog in JSON; MISSING if JSON output omits it."""
    if value is None:
        return None if column.is_none(row) else MISSING
    if column.kind == JSON:
        return json.loads(value)
    return os.fsdecode(value) if isinstance(value, bytes) else value


def _in_cell(column: Column, value: Any) -> Any:
    """The value that can be read from a CSV cell, which cannot distinguish an empty text from a missing one."""
    return None if value is MISSING or (value == "" and column.kind != JSON) else value


def _from_cell(column: Column, cell: str) -> Any:
    if cell == "":
        return None
    if column.kind == BOOLEAN:
        return {"true": True, "false": False}[cell]
    return {INTEGER: int, FLOAT: float, JSON: json.loads}.get(column.kind, str)(cell)
