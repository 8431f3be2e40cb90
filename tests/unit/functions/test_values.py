"""Values of metadata functions: stored exactly with plain types, or refused with the key and a remedy."""

import collections
import enum
import json
import math
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from datacontainer.functions.values import RefusedError, plain_fields, shown

TYPES = "use str, int, float, bool, None, or lists and dicts of them"


class Text(enum.StrEnum):
    A = "a"


class Number(enum.IntEnum):
    ONE = 1


class Hostile:
    """An object whose methods raise."""

    def __repr__(self) -> str:
        raise KeyboardInterrupt

    def item(self) -> int:
        raise ValueError("no item")


class HostileDict(dict):
    def items(self):
        raise OSError("no items")


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth - 1):
        value = [value]
    return value


def with_itself() -> list:
    value: list = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (Text.A, "a"),
        (np.str_("ä"), "ä"),
        ("\udcff", "\udcff"),
        (Number.ONE, 1),
        (2**70, 2**70),
        (1 - 10**4000, 1 - 10**4000),
        (np.int64(7), 7),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.float64(0.5), 0.5),
        (np.bool_(True), True),
        (np.array(3), 3),
        (math.inf, math.inf),
        ((1, (2,)), [1, [2]]),
        (collections.defaultdict(list, {"a": [np.int8(1)]}), {"a": [1]}),
        (collections.namedtuple("Pair", "x y")(1, None), [1, None]),
        (nested(100), nested(100)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_plain_fields_value_of_any_plain_kind_has_a_type_of_python(value, stored):
    (found,) = plain_fields({"n": value}, (), in_json=False).values()
    assert (type(found), found) == (type(stored), stored)
    assert json.loads(json.dumps({"n": found})) == {"n": stored}


def test_plain_fields_nan_is_a_value_of_a_column():
    assert math.isnan(plain_fields({"n": np.float64("nan")}, (), in_json=False)["n"])


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({1}, f"it returned {{1}} as 'n': {TYPES}"),
        (b"bytes", f"it returned b'bytes' as 'n': {TYPES}"),
        (Path("x"), TYPES),
        (1j, TYPES),
        (10**5000, "it returned an object of type int as 'n': an int may have at most 4,000 digits"),
        (np.arange(3), "it returned array([0, 1, 2]) as 'n': " + TYPES + "; an array has the method .tolist()"),
        (np.array([5]), ".tolist()"),
        (pd.Series([5]), ".tolist()"),
        (pd.NA, TYPES),
        (pd.NaT, TYPES),
        (pd.Timestamp(0), TYPES),
        (np.datetime64(0, "ns"), TYPES),
        (np.longdouble(1), TYPES),
        (SimpleNamespace(item=lambda: b""), TYPES),
        (nested(101), "it is nested more than 100 levels deep"),
        (nested(5000), "it is nested more than 100 levels deep"),
        (with_itself(), "or contains itself"),
        ([math.nan], "as 'n': JSON has no NaN and no infinity: use None or a str"),
        ({"a": np.float64("inf")}, "JSON has no NaN and no infinity"),
        ({1: 1, "1": 1}, "as 'n': the keys of a dict must be str"),
        ([pd.NA], TYPES),
        (Hostile(), "it returned an object as 'n' that raised ValueError('no item')"),
        ([HostileDict(a=1)], "it returned an object as 'n' that raised OSError('no items')"),
        (b"x" * 10_000, TYPES),
    ],
    ids=lambda value: type(value).__name__,
)
def test_plain_fields_value_that_cannot_be_stored_exactly_is_refused_with_its_key(value, problem):
    with pytest.raises(RefusedError, match=re.escape(problem)) as caught:
        plain_fields({"fine": 1, "n": value}, (), in_json=False)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("value", [math.nan, -math.inf, np.float32("nan")])
def test_plain_fields_nan_in_json_is_refused(value):
    with pytest.raises(RefusedError, match="as 'n': JSON has no NaN and no infinity"):
        plain_fields({"n": value}, (), in_json=True)


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        ([1], "it returned [1]: it must return a dict"),
        (None, "it returned None: it must return a dict"),
        (pd.Series({"a": 1}), "it must return a dict"),
        ({1: 1}, "it returned the key 1: use plain text"),
        ({"": 1}, "it returned the key '': use plain text"),
        ({"a\nb": 1}, r"it returned the key 'a\nb': use plain text"),
        ({"k" * 256: 1}, "of 256 characters: use at most 255"),
        ({"size": 1}, "it returned the key 'size', which is the name of another field: rename it"),
        (dict.fromkeys(map(str, range(10_001)), 1), "it returned 10,001 keys, and a dataset has at most 10,000 fields"),
    ],
)
def test_plain_fields_dict_with_wrong_keys_is_refused(returned, problem):
    with pytest.raises(RefusedError, match=re.escape(problem)):
        plain_fields(returned, ("path", "size"), in_json=False)


def test_shown_object_without_a_repr_has_its_type():
    assert shown(Hostile()) == "an object of type Hostile"
