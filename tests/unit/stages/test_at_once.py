"""The work on several shards at the same time."""

import threading
import time

import pytest

from datacontainer.functions.process import FunctionError
from datacontainer.hash.userfields import Failures, FunctionsError
from datacontainer.runtime.errors import DataError
from datacontainer.stages.shards import at_once

SHARDS = [f"shard{number}" for number in range(6)]


def failed(shard: str) -> FunctionsError:
    failures = Failures()
    failures.add(FunctionError("mine.py:f", f"'{shard}/a'", "ValueError()"))
    failures.add(FunctionError("mine.py:f", f"'{shard}/b'", "KeyError()"))
    return FunctionsError(failures, left=1)


@pytest.mark.parametrize(("threads", "expected"), [(1, (1, 1)), (3, (3, 1)), (6, (6, 1)), (14, (6, 2))])
def test_at_once_divides_the_threads_among_the_shards(threads, expected):
    running, most, lock = set(), [], threading.Lock()

    def work(shard: str, share: int) -> tuple[str, int]:
        with lock:
            running.add(shard)
            most.append(len(running))
        time.sleep(0.02)
        with lock:
            running.remove(shard)
        return shard, share

    found = at_once(work, SHARDS, threads)
    assert [shard for shard, _ in found] == SHARDS
    assert (max(most), {share for _, share in found}) == (expected[0], {expected[1]})


def test_at_once_joins_the_failures_of_functions_after_all_shards():
    done = []

    def work(shard: str, _: int) -> None:
        done.append(shard)
        if shard in SHARDS[2:4]:
            raise failed(shard)

    with pytest.raises(FunctionsError) as raised:
        at_once(work, SHARDS, 1)
    assert done == SHARDS
    assert str(raised.value).startswith(
        "the metadata function 'mine.py:f' failed on 4 files, first: 'shard2/a': ValueError(); correct the function"
    )
    assert raised.value.details == (
        "no function was called for 2 other files, as functions ended their process too often",
    )


def test_at_once_raises_the_first_other_error():
    errors = [failed("shard0"), None, DataError("two"), DataError("three"), failed("shard4"), None]

    def work(shard: str, _: int) -> None:
        if error := errors[SHARDS.index(shard)]:
            raise error

    with pytest.raises(DataError, match="two"):
        at_once(work, SHARDS, 2)
    assert at_once(work, [], 2) == []
