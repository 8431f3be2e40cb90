"""The errors of several shards together."""

import pytest

from datacontainer.functions.process import REMEDY, FunctionError
from datacontainer.hash.failures import Failures, FunctionsError, raise_joined
from datacontainer.runtime.errors import DataError


def failed(shard: str) -> FunctionsError:
    failures = Failures()
    failures.add(FunctionError("mine.py:f", f"'{shard}/a'", "ValueError()"))
    failures.add(FunctionError("mine.py:f", f"'{shard}/b'", "it returned 1: it must return a dict"))
    for line in (2, 7):
        for name in "cde":
            failures.add(FunctionError("mine.py:f", f"'{shard}/{name}'", f"KeyError('{name}'), in line {line} of 'm'"))
    return FunctionsError(failures, left=1)


def test_raise_joined_counts_the_failures_of_all_shards():
    raise_joined([])
    with pytest.raises(FunctionsError) as raised:
        raise_joined([failed("shard2"), failed("shard3")])
    begin, end = "the metadata function 'mine.py:f' failed on ", f"; {REMEDY}"
    assert str(raised.value) == f"{begin}6 files, first: 'shard2/c': KeyError('c'), in line 2 of 'm'{end}"
    assert raised.value.details == (
        f"{begin}6 files, first: 'shard2/c': KeyError('c'), in line 7 of 'm'{end}",
        f"{begin}4 files, first: 'shard2/a': ValueError(){end}",
        "no function was called for 2 other files, as functions ended their process too often",
    )


def test_raise_joined_raises_the_first_other_error():
    with pytest.raises(DataError, match="two"):
        raise_joined([failed("shard0"), DataError("two"), DataError("three"), failed("shard4")])
