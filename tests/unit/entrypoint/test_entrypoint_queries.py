"""The entrypoint's answers to any question, against DuckDB and Python reading the same catalog."""

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.answers import Answers
from tools.catalogs import COLUMNS, catalogs, nasty_catalog
from tools.conditions import PARTS, Condition
from tools.engines import Tool
from tools.examples import tried
from tools.questions import Question, questions

QUESTIONS_EACH = 8
SMALLEST, LARGEST = -(2**63), 2**63 - 1


def check(program: Tool, answers: Answers, question: Question) -> None:
    done = program.run(*question.arguments(), status=None)
    answers.check(question, done.returncode, done.stdout)
    says_so = not answers.rows and question.format == "text" and question.only != "count"
    assert done.stderr == (b"fruit 1.0 contains no files\n" if says_so else b"")


@tried(60)
@given(st.data())
def test_ask_anything_of_any_catalog_is_answered_as_by_duckdb(entrypoint, data):
    program = entrypoint(data.draw(catalogs()))
    answers = Answers(program.command[0].with_name("catalog.parquet"))
    asked = questions(answers.texts)
    for _ in range(QUESTIONS_EACH):
        check(program, answers, data.draw(asked))


@pytest.fixture(scope="module", params=["odd", "plain"])
def nasty(request, entrypoint_of) -> tuple[Tool, Answers]:
    """An entrypoint of some thousand files with its index inside, and the answers."""
    binary = entrypoint_of(nasty_catalog(plain=request.param == "plain"))
    return Tool((binary,)), Answers(binary.parent.parent / "catalog.parquet")


@tried(100)
@given(st.data())
def test_ask_anything_of_thousands_of_files_is_answered_as_by_duckdb(nasty, data):
    program, answers = nasty
    check(program, answers, data.draw(questions(answers.texts)))


def suffix_is(suffix: bytes) -> Question:
    return Question(
        where=Condition(b"suffix='%s'" % suffix, f"{PARTS['suffix']} = '{suffix.hex().upper()}'"), only="null"
    )


# What chance asks too seldom.
SELDOM = [
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
]


@pytest.mark.parametrize("question", SELDOM, ids=lambda question: repr(question.arguments())[:60])
def test_ask_what_chance_asks_too_seldom_is_answered_as_by_duckdb(nasty, question):
    check(*nasty, question)


def matching(entrypoint, values: Sequence[object], condition: str) -> list[object]:
    """Those of a field's values for which a condition holds, asked of files that have them."""
    keys = [f"{row:03}" for row in range(len(values))]
    program = entrypoint(pa.table({"path": keys, "value": values}))
    printed = program.run("-where", condition, "-null", status=None).stdout
    return [values[int(key.rpartition(b"/")[2])] for key in printed.split(b"\0") if key]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (f"value = {SMALLEST}", [SMALLEST]),
        (f"value > {SMALLEST}", [SMALLEST + 1, 2**53, 2**53 + 1, LARGEST]),
        (f"value > {SMALLEST - 1}", [SMALLEST, SMALLEST + 1, 2**53, 2**53 + 1, LARGEST]),
        (f"value = {SMALLEST - 1}", []),
        (f"value >= {LARGEST}", [LARGEST]),
        (f"value >= {LARGEST + 1}", []),
        (f"value != {LARGEST + 1}", [SMALLEST, SMALLEST + 1, 2**53, 2**53 + 1, LARGEST]),
        (f"value < {10**30}", [SMALLEST, SMALLEST + 1, 2**53, 2**53 + 1, LARGEST]),
        (f"value = {2**53 + 1}", [2**53 + 1]),
        (f"value >= {2**63}.0", []),
        (f"value >= {-(2**63)}.0", [SMALLEST, SMALLEST + 1, 2**53, 2**53 + 1, LARGEST]),
        (f"value > {2**53}.5", [2**53 + 1, LARGEST]),
        ("value <= -9.3e18 or value > 9.3e18", []),
    ],
)
def test_where_numbers_at_the_ends_are_compared_exactly(entrypoint, condition, expected):
    assert matching(entrypoint, [SMALLEST, SMALLEST + 1, 2**53, 2**53 + 1, LARGEST], condition) == expected


def test_where_long_condition_is_answered(entrypoint):
    condition = " or ".join(f"(not value = {number})" for number in range(5000)) + " and value is missing"
    assert matching(entrypoint, [1, None], condition) == [1]
