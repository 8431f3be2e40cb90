"""The users' fields: the types of columns, and values read back from columns."""

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datacontainer.catalog.fields import (
    BOOL,
    FLOAT,
    INT,
    JSON,
    KIND,
    LONG,
    NULL,
    NUMBER,
    TEXT,
    FieldTable,
    catalog_field,
    convert,
    kind_of,
    widen,
)
from datacontainer.catalog.nonerows import has_none

KINDS = [NULL, BOOL, INT, LONG, FLOAT, NUMBER, TEXT, JSON]
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(),
    st.sampled_from(["\ud800", "a\udcffb"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=2),
)


def identical(one: object, other: object) -> bool:
    return type(one) is type(other) and (one == other or (isinstance(one, float) and math.isnan(one)))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, NULL),
        (True, BOOL),
        (2**53, INT),
        (2**53 + 1, LONG),
        (-(2**63), LONG),
        (2**63, JSON),
        (0.5, FLOAT),
        ("ä", TEXT),
        ("\udcff", JSON),
        ([1], JSON),
        ({}, JSON),
    ],
)
def test_kind_of_value_is_the_narrowest_exact_one(value, kind):
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("one", "other", "wide"),
    [
        (INT, LONG, LONG),
        (INT, FLOAT, NUMBER),
        (NUMBER, INT, NUMBER),
        (NUMBER, LONG, JSON),
        (NUMBER, TEXT, JSON),
        (LONG, FLOAT, JSON),
        (BOOL, INT, JSON),
        (TEXT, INT, JSON),
        (NULL, BOOL, BOOL),
    ],
)
def test_widen_two_kinds_returns_one_for_both(one, other, wide):
    assert widen(one, other) == widen(other, one) == wide


@given(st.lists(st.sampled_from(KINDS), max_size=5), st.randoms())
def test_widen_any_order_returns_the_same(kinds, random):
    def folded(items):
        kind = NULL
        for item in items:
            kind = widen(kind, item)
        return kind

    shuffled = list(kinds)
    random.shuffle(shuffled)
    assert folded(kinds) == folded(shuffled)


@given(st.lists(values, max_size=6), st.lists(values, max_size=6))
def test_convert_columns_of_two_shards_keeps_every_value(first, second):
    kinds, arrays = [], []
    for part in (first, second):
        table = FieldTable()
        for value in part:
            table.append({"x": value})
        for field, array in table.arrays():
            kinds.append(field.metadata[KIND].decode())
            arrays.append(array)
    wanted = NULL
    for kind in kinds:
        wanted = widen(wanted, kind)
    found = [v for kind, array in zip(kinds, arrays, strict=True) for v in convert(array, kind, wanted).to_pylist()]
    if wanted == JSON:
        found = [None if text is None else json.loads(text) for text in found]
    for value, read in zip([*first, *second], found, strict=True):
        expected = float(value) if wanted == NUMBER and isinstance(value, int) else value
        assert identical(expected, read), (wanted, value, read)


def test_field_table_file_without_a_value_is_null():
    table = FieldTable()
    for fields in ({"a": 1}, {}, {"b": "x"}):
        table.append(fields)
    assert {field.name: array.to_pylist() for field, array in table.arrays()} == {
        "a": [1, None, None],
        "b": [None, None, "x"],
    }


def test_catalog_field_json_has_the_mark():
    assert catalog_field("x", JSON).metadata == {b"json": b"1"}
    assert catalog_field("x", TEXT).metadata is None
    assert str(catalog_field("x", NULL).type) == "string"


@pytest.mark.slow
def test_append_files_with_other_fields_each_take_seconds():
    """A time that grew with the square of the number of files would be a minute."""
    began = time.process_time()
    table = FieldTable()
    for number in range(6000):
        table.append({f"k{number}": number})
    assert [array.null_count for _, array in table.arrays()] == [5999] * 6000
    assert time.process_time() - began < 20


def test_arrays_field_with_one_none_has_the_mark():
    rows = FieldTable()
    for fields in ({"none_once": None, "absent": 1}, {"none_once": 2}):
        rows.append(fields)
    marks = {column.name: has_none(column) for column, _ in rows.arrays()}
    assert marks == {"none_once": True, "absent": False}
