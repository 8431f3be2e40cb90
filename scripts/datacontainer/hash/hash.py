"""Hash: reads each file of a batch of shards once, for its digests, the user's fields, and the layers of the shards."""

import json
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

from datacontainer.hash.earlier import Earlier
from datacontainer.hash.failures import raise_joined
from datacontainer.hash.shard import Job, Shard, pack
from datacontainer.runtime.errors import DataContainerError
from datacontainer.runtime.logs import logger
from datacontainer.runtime.programs import terminate_all


def hash_shards(job: Job, names: Sequence[str], completed: Callable[[str], None]) -> tuple[int, int]:
    """Writes the digests of each shard's files, its layer, facts about both (JSON), and the user's fields (Parquet).

    names: of the shards. completed: is called with the name of each shard when its files are complete, in any order and
    any thread, also if other shards fail. Returns the number of files and of bytes.

    digests: bytes, in the order of the list. facts: files, links, directories, bytes; layer_size and diff_id of the
    layer's tar; digest, blob_size and compression of the layer as stored; the number of recorded failures of each
    function, if there are any, as `errors`; and `record`: format, names and sha256 of the digests. fields: a column for
    each field, with its kind in the metadata, only with functions.

    Raises:
        DataError: if a file changed since the scan, or if its content changed but its status did not; with rescan
            "full", also if its content changed but its size and mtime did not; with stable "check", also if another
            process has it open for writing.
        FunctionsError: if there is no other error, and functions of the user failed, for all shards together.
    """
    job.results.known.mkdir(parents=True, exist_ok=True)
    earlier = Earlier(job.results, job.record_format)
    with ExitStack() as opened, ThreadPoolExecutor(job.threads) as pool:
        shards = {name: opened.enter_context(Shard(job, name, earlier.around(name))) for name in names}
        begun: dict[str, Future[tuple[int, int]]] = {}

        def finish(line: str) -> None:
            summary = json.loads(line)
            name = Path(summary.pop("list")).stem
            begun[name] = pool.submit(_finish, shards[name], summary, name, completed)

        try:
            # Only one shard has copies of its files at a time.
            for together in [[one] for one in shards.values()] if job.stages else [list(shards.values())]:
                _pack(job, together, finish)
                wait(begun.values())
        except DataContainerError:
            raise
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            terminate_all()
            raise
        raise_joined([error for name in names if (error := begun[name].exception())])
    unread = sum(shard.unread for shard in shards.values())
    logger.info("%d files did not change since an earlier run and were not read", unread)
    counts = [one.result() for one in begun.values()]
    return sum(files for files, _ in counts), sum(size_bytes for _, size_bytes in counts)


def _pack(job: Job, shards: Sequence[Shard], handle: Callable[[str], None]) -> None:
    triples = [word for shard in shards for word in shard.triple()]
    pack(job, triples, [shard.pipe.descriptor for shard in shards if shard.pipe], handle)


def _finish(shard: Shard, summary: dict[str, object], name: str, completed: Callable[[str], None]) -> tuple[int, int]:
    counts = shard.finish(summary)
    completed(name)
    return counts
