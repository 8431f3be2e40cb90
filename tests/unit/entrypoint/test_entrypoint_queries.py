"""The entrypoint's answers to random queries, compared with DuckDB and Python on the same catalog."""

import json
import os
import subprocess
from collections.abc import Sequence
from operator import eq, ge, gt, le, lt, ne

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.catalog.fields import JSON_MARK
from tools.answers import Answers
from tools.catalogs import COLUMNS, catalogs, nasty_catalog
from tools.conditions import PARTS, Condition
from tools.engines import Tool
from tools.entrypoint import one_line
from tools.examples import tried
from tools.questions import Question, questions

QUESTIONS_EACH = 8
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def check(program: Tool, answers: Answers, question: Question) -> None:
    done = program.run(*question.arguments(), status=None)
    answers.check(question, done.returncode, done.stdout)
    says_so = not answers.rows and question.format == "text" and question.only != "count" and not question.by
    assert done.stderr == (b"fruit 1.0 contains no files\n" if says_so else b"")


@tried(60)
@given(st.data())
def test_random_query_of_random_catalog_equals_duckdb(entrypoint, data):
    program = entrypoint(data.draw(catalogs()))
    answers = Answers(program.command[0].with_name("catalog.parquet"))
    asked = questions(answers.texts)
    for _ in range(QUESTIONS_EACH):
        check(program, answers, data.draw(asked))


@pytest.fixture(scope="module", params=["odd", "plain"])
def nasty(request, entrypoint_of) -> tuple[Tool, Answers]:
    """An entrypoint of some thousand files with an embedded index, and the answers."""
    binary = entrypoint_of(nasty_catalog(plain=request.param == "plain"))
    return Tool((binary,)), Answers(binary.parent.parent / "catalog.parquet")


@pytest.mark.slow
@tried(100)
@given(st.data())
def test_random_query_of_thousands_of_files_equals_duckdb(nasty, data):
    program, answers = nasty
    check(program, answers, data.draw(questions(answers.texts)))


def suffix_is(suffix: bytes) -> Question:
    return Question(
        where=Condition(b"suffix='%s'" % suffix, f"{PARTS['suffix']} = '{suffix.hex().upper()}'"), only="null"
    )


# Queries that are rare among random queries.
RARE = [
    *(
        Question(get=term)
        for term in (b"/data", b"/data/", b"/data/x", b"/data/y", b"/data.", b"/data/data", b"/datab")
    ),
    *(
        Question(get=term, desc=True)
        for term in (b"a/data/", b"ta/d", b"ata/b", b"ata", b"/", b"z" * 4000, b"z" * 4001)
    ),
    *map(
        suffix_is,
        (b"", b".gz", b".nii.gz", b".tar.gz", b".xz", b".txt.xz", b".b-c.xz", b".bz2", b".zst", b".GZ", b".b"),
    ),
    Question(metric=COLUMNS[0], desc=True, get=b"/data/sub-0"),
    Question(metric=COLUMNS[5], limit=3000, format="csv"),
    Question(metric=COLUMNS[4], only="ls"),
    Question(metric=COLUMNS[4], desc=True, where=Condition(b"size >= 5000", "c0 >= 5000")),
    Question(metric=COLUMNS[4], search=b"9", only="count"),
    *(Question(desc=True, get=b"/data/sub-02", limit=limit) for limit in (None, 0, 1, 100)),
]


@pytest.mark.parametrize("question", RARE, ids=lambda question: repr(question.arguments())[:60])
def test_rare_query_equals_duckdb(nasty, question):
    check(*nasty, question)


def valued(values: Sequence[object], kind: pa.DataType, marks: dict[bytes, bytes] | None = None) -> pa.Table:
    """A catalog with a file for each value."""
    keys = [f"{row:03}" for row in range(len(values))]
    schema = pa.schema([pa.field("path", pa.string()), pa.field("value", kind, metadata=marks)])
    return pa.table([pa.array(keys), pa.array(values, kind)], schema)


def matching(program: Tool, values: Sequence[object], condition: str) -> list[object]:
    """Returns the values for which a condition is true."""
    printed = program.run("-where", condition, "-null", status=None).stdout
    return [values[int(key.rpartition(b"/")[2])] for key in printed.split(b"\0") if key]


@pytest.mark.parametrize("other", [[], [2**64, 2**64 + 1, 0.5]])
def test_where_extreme_numbers_are_compared_exactly(entrypoint, other):
    values = [SMALLEST, SMALLEST + 1, 2**53, 2**53 + 1, LARGEST, *other]
    mixed = valued([json.dumps(value) for value in values], pa.string(), JSON_MARK)
    program = entrypoint(mixed if other else valued(values, pa.int64()))
    for literal in [SMALLEST, SMALLEST - 1, LARGEST, LARGEST + 1, 10**30, 2**53 + 1, 2.0**63, -(2.0**63), 0.5, 2**64]:
        for sign, compare in {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}.items():
            # Python compares integers with floats exactly.
            expected = [value for value in values if compare(value, literal)]
            assert matching(program, values, f"value {sign} {literal!r}") == expected, (sign, literal)


@pytest.mark.slow
def test_format_parquet_of_many_rows_is_read_by_duckdb_and_pandas(entrypoint, tmp_path):
    rows = range(150_000)
    columns = {
        "path": pa.array([f"{row:06}" for row in rows]),
        "few": pa.array([None if row % 5 == 0 else f"é{row % 7}" for row in rows], pa.string()),
        "many": pa.array([f"{row}" * 3 for row in rows]),
        "odd": pa.array([b"\xff" if row == rows[-1] else b"%d" % (row // 9000) for row in rows], pa.binary()),
        "mean": pa.array([None if row < 70_000 else row / 7 for row in rows], pa.float64()),
        "good": pa.array([row % 3 == 0 for row in rows]),
        "size": pa.array([None if row < 140_000 else -row for row in rows], pa.int64()),
    }
    printed, expected = tmp_path / "printed.parquet", pa.table(columns)
    printed.write_bytes(entrypoint(expected)("-format", "parquet"))
    assert pq.ParquetFile(printed).metadata.num_row_groups == 5
    database = duckdb.connect(config={"threads": 1})
    same = f"SELECT * FROM '{printed}' EXCEPT ALL SELECT * REPLACE ('/data/' || path AS path) FROM expected"
    assert database.sql(same).fetchall() == []
    frame = pd.read_parquet(printed)
    pd.testing.assert_frame_equal(frame.drop(columns="path"), expected.drop_columns("path").to_pandas())


def test_format_parquet_to_a_terminal_is_wrong_usage(entrypoint):
    leader, terminal = os.openpty()
    command = [*entrypoint(valued([1], pa.int64())).command, "-format", "parquet"]
    done = subprocess.run(command, stdout=terminal, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert one_line(done.stderr).startswith("-format parquet prints bytes that a terminal cannot show: redirect them")
    os.close(leader)
    os.close(terminal)


def test_where_long_condition_is_evaluated(entrypoint):
    condition = " or ".join(f"(not value = {number})" for number in range(5000)) + " and value is missing"
    assert matching(entrypoint(valued([1, None], pa.int64())), [1, None], condition) == [1]
