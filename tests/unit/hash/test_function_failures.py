"""The errors of several shards together."""

import pytest

from datacontainer.functions.process import FunctionError
from datacontainer.hash.failures import Failures, FunctionsError, raise_joined
from datacontainer.runtime.errors import DataError


def failed(shard: str) -> FunctionsError:
    failures = Failures()
    failures.add(FunctionError("mine.py:f", f"'{shard}/a'", "ValueError()"))
    failures.add(FunctionError("mine.py:f", f"'{shard}/b'", "KeyError()"))
    return FunctionsError(failures, left=1)


def test_raise_joined_counts_the_failures_of_all_shards():
    raise_joined([])
    with pytest.raises(FunctionsError) as raised:
        raise_joined([failed("shard2"), failed("shard3")])
    assert str(raised.value).startswith(
        "the metadata function 'mine.py:f' failed on 4 files, first: 'shard2/a': ValueError(); correct the function"
    )
    assert raised.value.details == (
        "no function was called for 2 other files, as functions ended their process too often",
    )


def test_raise_joined_raises_the_first_other_error():
    with pytest.raises(DataError, match="two"):
        raise_joined([failed("shard0"), DataError("two"), DataError("three"), failed("shard4")])
