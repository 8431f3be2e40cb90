"""The expected answers of an entrypoint: rows that DuckDB selects from the catalog's Parquet, formatted by Python."""

import csv
import io
import json
import math
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from tools.catalogs import BOOLEAN, COLUMNS, FLOAT, INTEGER, JSON, Column
from tools.conditions import UNORDERED
from tools.questions import Question

Row = dict[str, Any]
MISSING = object()
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

    @cached_property
    def texts(self) -> dict[str, list[bytes]]:
        """Some texts of the keys and of each column's values that can be command-line arguments."""
        found = {"path": list(self.rows)}
        for column in COLUMNS:
            values = (row[column.name] for row in self.rows.values())
            texts = {_unquoted(json.dumps(value)) for value in values if value is not MISSING and value is not None}
            found[column.name] = sorted(text for text in texts if b"\0" not in text)
        return {name: texts[:: len(texts) // TEXTS + 1] for name, texts in found.items()}

    def check(self, question: Question, status: int, printed: bytes) -> None:
        """Asserts that the exit status and the output are right for the question."""
        keys = [bytes.fromhex(key) for (key,) in self.database.execute(question.sql()).fetchall()]
        assert status == int(question.may_match_nothing and not keys)
        if question.only == "count":
            assert printed == b"%d\n" % len(keys)
        elif question.may_match_nothing and not keys:
            assert printed == b""
        elif question.format == "text" or question.only == "null":
            assert printed == self._text(question, keys)
        elif question.format.startswith("json"):
            self._check_json(question, keys, printed.decode("ascii"))
        else:
            self._check_table(question, keys, printed)

    def _text(self, question: Question, keys: list[bytes]) -> bytes:
        if question.only == "null":
            return b"".join(key + b"\0" for key in keys)
        if question.only == "ls":
            return b"".join(shown(key) + b"\n" for key in keys)
        if question.search is not None:
            column = question.metric
            return b"".join(b"%s %s\n" % (shown(key), as_text(column, self.rows[key][column.name])) for key in keys)
        between, head = (" ", "") if question.metric is None else (": ", f"Order by {question.metric.name}\n")
        lines = (shown(key) + (between + json.dumps(_given(self.rows[key])) + "\n").encode() for key in keys)
        return head.encode() + b"".join(lines)

    def _check_json(self, question: Question, keys: list[bytes], printed: str) -> None:
        """Compares as text, so that the order of members counts. JSON has no NaN; the entrypoint prints null."""
        found = (
            json.loads(printed) if question.format == "json" else [json.loads(line) for line in printed.splitlines()]
        )
        shown_names = {column.name for column in shown_columns(question)}
        expected = [
            {"path": os.fsdecode(key)}
            | {name: value for name, value in _given(self.rows[key]).items() if name in shown_names}
            for key in keys
        ]
        assert json.dumps(found) == json.dumps(_strict(expected))

    def _check_table(self, question: Question, keys: list[bytes], printed: bytes) -> None:
        text = io.StringIO(printed.decode("utf-8", "surrogateescape"), newline="")
        head, *lines = csv.reader(text, delimiter={"csv": ",", "tsv": "\t"}[question.format], strict=True)
        columns = shown_columns(question)
        assert head == ["path", *(column.name for column in columns)]
        found = [[os.fsencode(line[0]), *map(_from_cell, columns, line[1:])] for line in lines]
        expected = [[key, *(_in_cell(column, self.rows[key][column.name]) for column in columns)] for key in keys]
        assert repr(found) == repr(expected)


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
    if question.only == "ls":
        return []
    return COLUMNS if question.search is None else [question.metric]


def shown(key: bytes) -> bytes:
    """A key in text output: unchanged if it is printable, else a string literal of Go."""
    text = key.decode("utf-8", "surrogateescape")
    if text.isprintable():
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


def as_text(column: Column, value: Any) -> bytes:
    """A value as text: texts and digests unchanged, others as JSON."""
    return os.fsencode(value) if isinstance(value, str) and column.kind != JSON else json.dumps(value).encode()


def _value(column: Column, value: Any, row: int) -> Any:
    """A value of the catalog in JSON; MISSING if JSON output omits it."""
    if value is None:
        return None if column.is_none(row) else MISSING
    if column.kind == JSON:
        return json.loads(value)
    return os.fsdecode(value) if isinstance(value, bytes) else value


def _given(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not MISSING}


def _in_cell(column: Column, value: Any) -> Any:
    """The value that can be read from a CSV cell, which cannot distinguish an empty text from a missing one."""
    return None if value is MISSING or (value == "" and column.kind != JSON) else value


def _from_cell(column: Column, cell: str) -> Any:
    if cell == "":
        return None
    if column.kind == BOOLEAN:
        return {"true": True, "false": False}[cell]
    return {INTEGER: int, FLOAT: float, JSON: json.loads}.get(column.kind, str)(cell)
