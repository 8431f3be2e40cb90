"""Conditions on files, made by hypothesis in the entrypoint's language, and beside each the same in SQL.

In SQL a row has `key`, the hexadecimal digits of its key, and for each of COLUMNS a column c0, c1, …. All that is about
bytes goes by digits: their order is that of the bytes, and a term begins behind a whole number of pairs.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from tools.catalogs import BOOLEAN, COLUMNS, FLOAT, INTEGER, NAMES, WORDS, Column
from tools.trees import ODD_NAMES

OPERATORS = {"=": "=", "==": "=", "!=": "<>", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
KEYWORDS = {"and", "or", "not", "is", "missing", "true", "false"}
# SQL compares decimals exactly; numbers out of this range are out of that of an integer too.
EXACT, FURTHEST = "DECIMAL(38, 4)", Decimal(10) ** 25
ODD_INTEGERS = ["2.5", "-0.5", ".5", "8.0", "+9", "1e3", "-1e300", "1e300", f"{2**63}", f"{-(2**63) - 1}"]
ODD_FLOATS = ["1", "-0", ".5", "1E16", "1e-5", "1e300", "-1e300"]
# A suffix, in digits: .gz and its like together with what stands before it, or what stands behind the last dot.
LETTER, NO_DOT = "(?:3[0-9]|[46][1-9A-F]|[57][0-9A])", "(?:[013-9A-F].|2[0-9A-DF])"
SUFFIX = f"^(?:..)+?((?:2E{LETTER}+)?2E(?:677A|627A32|787A|7A7374)|2E{NO_DOT}+)$"
PARTS = {"path": "key", "folder": "regexp_extract(key, '^((?:..)*)2F(?:..)*$', 1)"}
# A field hides the part that is called `name`.
PARTS["suffix"] = f"regexp_extract(regexp_extract(key, '^(?:..)*2F((?:..)*)$', 1), '{SUFFIX}', 1)"

# The different texts of the keys and of each column's values.
Texts = Mapping[str, Sequence[bytes]]
odd_terms = st.one_of(
    st.sampled_from([word.encode() for word in WORDS if "\0" not in word]),
    st.sampled_from(["5", "9", "-", ".", "e", "ff", "N", "rue", "[", "/data", ".nii.gz", "\\", "é"]).map(str.encode),
    st.sampled_from([*(b"/data/" + name for name in NAMES), b"/data", b"/data/x", b"\xff", *ODD_NAMES]),
    st.binary(max_size=2).filter(lambda term: 0 not in term),
)


@dataclass(frozen=True)
class Condition:
    """A condition in the entrypoint's language and in SQL."""

    text: bytes
    sql: str


@st.composite
def terms(draw: st.DrawFn, texts: Sequence[bytes]) -> bytes:
    """A term to look for: one of the texts, a piece of one, or something else."""
    if not texts or draw(st.integers(0, 3)) == 0:
        return draw(odd_terms)
    text = draw(st.sampled_from(texts))
    if draw(st.booleans()):
        return text
    start = draw(st.integers(0, len(text)))
    return text[start : start + draw(st.integers(1, 5))]


def sql_name(column: Column) -> str:
    return f"c{COLUMNS.index(column)}"


def digits(column: Column) -> str:
    """The digits of a value as text."""
    name = sql_name(column)
    texts = {FLOAT: f"json_text({name})", INTEGER: f"{name}::VARCHAR", BOOLEAN: f"{name}::VARCHAR"}
    return f"hex({texts.get(column.kind, name)})"


def contains(value: str, term: bytes) -> str:
    return f"regexp_matches({value}, '^(?:..)*{term.hex().upper()}')"


def quoted(text: bytes, quote: bytes) -> bytes:
    return quote + text.replace(quote, 2 * quote) + quote


@st.composite
def named(draw: st.DrawFn, name: str) -> bytes:
    """A name as a condition has it: in backquotes where it must be, and sometimes where it need not."""
    bare = re.fullmatch(r"[^\W\d][\w.-]*", name) and name not in KEYWORDS
    return name.encode() if bare and draw(st.booleans()) else quoted(name.encode(), b"`")


@st.composite
def comparisons(draw: st.DrawFn, texts: Texts) -> Condition:
    """One comparison of a field, or of a part of the key that no field hides, with a value of its type."""
    column = draw(st.sampled_from([*COLUMNS, *PARTS]))
    name, value = (column, PARTS[column]) if isinstance(column, str) else (column.name, digits(column))
    operator = draw(st.sampled_from([*OPERATORS, "~", "!~", "is", "is not"]))
    if operator.startswith("is"):
        literal, sql = b"missing", f"{value} {operator} NULL"
    elif "~" in operator:
        term = draw(terms(texts.get(name, texts["path"])))
        literal, sql = quoted(term, draw(st.sampled_from([b"'", b'"']))), contains(value, term)
        sql = f"NOT {sql}" if operator == "!~" else sql
    elif isinstance(column, Column) and column.kind in {INTEGER, FLOAT, BOOLEAN}:
        literal, sql = draw(_compared(column, OPERATORS[operator], texts[name]))
    else:
        text = draw(terms(texts.get(name, texts["path"])))
        literal, sql = quoted(text, b"'"), f"{value} {OPERATORS[operator]} '{text.hex().upper()}'"
    blank = b" " if operator.startswith("is") else draw(st.sampled_from([b"", b" "]))
    return Condition(draw(named(name)) + blank + operator.encode() + blank + literal, f"({sql})")


@st.composite
def _compared(draw: st.DrawFn, column: Column, operator: str, texts: Sequence[bytes]) -> tuple[bytes, str]:
    """A number, or a truth, and the comparison of the column with it in SQL."""
    name, known = sql_name(column), [text.decode() for text in texts]
    if column.kind == BOOLEAN:
        text = draw(st.sampled_from(["true", "false", "True", "FALSE"]))
        return text.encode(), f"{name} {operator} {text}"
    if column.kind == INTEGER:
        text = draw(st.sampled_from([*known, *ODD_INTEGERS]))
        value = max(-FURTHEST, min(FURTHEST, Decimal(text)))
        return text.encode(), f"{name}::{EXACT} {operator} {value:f}::{EXACT}"
    text = draw(st.sampled_from([text for text in known if math.isfinite(float(text))] + ODD_FLOATS))
    # To SQL, NaN is equal to itself and larger than all.
    other, compared = ("isnan", "OR") if operator == "<>" else ("NOT isnan", "AND")
    return text.encode(), f"{other}({name}) {compared} {name} {operator} CAST('{text}' AS DOUBLE)"


def conditions(texts: Texts) -> st.SearchStrategy[Condition]:
    """Conditions of up to five comparisons. Both languages bind not, and, or in this order; parentheses are extra."""
    return st.recursive(comparisons(texts), _joined, max_leaves=5)


def _joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    negations, junctions = st.sampled_from(["not ", "NOT\t"]), st.sampled_from(["and", "or", "AND", "Or"])
    return st.one_of(
        st.builds(lambda word, one: Condition(word.encode() + one.text, f"{word} {one.sql}"), negations, inner),
        st.builds(lambda one: Condition(b"(%s)" % one.text, f"({one.sql})"), inner),
        st.builds(_join, junctions, inner, inner),
    )


def _join(word: str, left: Condition, right: Condition) -> Condition:
    return Condition(b"%s %s %s" % (left.text, word.encode(), right.text), f"{left.sql} {word} {right.sql}")
