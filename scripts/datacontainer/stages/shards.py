"""Shards: the work on several shards at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from datacontainer.hash.userfields import FunctionsError
from datacontainer.runtime.programs import terminate_all

Result = TypeVar("Result")


def at_once(work: Callable[[str, int], Result], shards: Sequence[str], threads: int) -> list[Result]:
    """The results of `work` for each shard and a number of threads for it; all shards are handled, also after errors.

    Raises:
        Exception: the first error in the order of the shards that is no FunctionsError.
        FunctionsError: if there is no other error, for all shards together.
    """
    workers = max(1, min(threads, len(shards)))
    with ThreadPoolExecutor(workers) as pool:
        begun = [pool.submit(work, shard, max(1, threads // workers)) for shard in shards]
        try:
            wait(begun)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            terminate_all()
            raise
    errors = [error for one in begun if (error := one.exception())]
    of_functions = [error for error in errors if isinstance(error, FunctionsError)]
    if errors:
        raise FunctionsError.joined(of_functions) if len(of_functions) == len(errors) else _other(errors)
    return [one.result() for one in begun]


def _other(errors: Sequence[BaseException]) -> BaseException:
    return next(error for error in errors if not isinstance(error, FunctionsError))
