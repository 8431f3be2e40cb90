"""Shard: one shard of a batch, from the packer's arguments to its results.

Without functions, this imports no library for columns, which would cost more than a small shard.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datacontainer.config.results import Results
from datacontainer.functions.work import function_sources
from datacontainer.hash.earlier import EarlierShard
from datacontainer.hash.known import Known, compare, files_of, look_up, selected
from datacontainer.hash.stale import COPIES
from datacontainer.layers.compression import GZIP, NONE, ZSTD, Pipe, pipe_into
from datacontainer.layers.frames import suits_contents
from datacontainer.runtime.logs import logger
from datacontainer.runtime.outputs import link_or_copy, write_bytes
from datacontainer.runtime.packer import run_packer
from datacontainer.storage.place import Object, is_remote

if TYPE_CHECKING:
    from datacontainer.storage.provider import Source


@dataclass(frozen=True)
class Job:
    """The inputs and the parameters of hash_shards.

    packer: its path. root: the dataset's folder. results: the paths of scan's lists and of the outputs. digests: names
    of algorithms, sha256 first. functions: the user's, as the configuration names them. function_seconds: the limit for
    one call. recorded: the functions whose failures are recorded. mount: the folder of the files in the image. layers:
    whether an image is configured; otherwise files that did not change since an earlier run are not read. compression:
    of the layers. record_format: the version of the records. rescan: "full" if a change of content is an error for
    files whose size and mtime did not change. stable: "check" if a file into which another process writes is an error.
    threads: the number of cores to use.
    """

    packer: Path
    root: str
    results: Results
    digests: Sequence[str]
    functions: Sequence[str] = ()
    function_seconds: int | None = None
    recorded: Sequence[str] = ()
    mount: str = "/"
    layers: bool = True
    compression: str = NONE
    record_format: int = 1
    rescan: str = "changed"
    stable: str = "trust"
    threads: int = 1

    @property
    def stages(self) -> bool:
        """Whether a shard's files are copied to a folder while it is hashed: functions need files."""
        return bool(self.functions) and is_remote(self.root)


def pack(job: Job, triples: Sequence[str | Path], descriptors: Sequence[int], handle: Callable[[str], None]) -> None:
    """Reads the files of shards with one packer.

    triples: for each shard its list, the file of digests to write, and its layer: a path, "fd:" and the number of one
    of the descriptors, or "-". handle: is called with the summary (JSON) of each shard when it is completed.
    """
    arguments = ["hash", "--mount", job.mount, "--digests", ",".join(job.digests), "--progress"]
    arguments += [f"--check={job.stable == 'check'}", f"--gzip={job.compression == GZIP}"]
    environment = {"GOMAXPROCS": str(max(2, job.threads))}
    with _opened(job, [Path(listed) for listed in triples[::3]]) as (given, pipes):
        run_packer(job.packer, [*arguments, *given, *triples], environment, *descriptors, *pipes, handle=handle)


@contextmanager
def _opened(job: Job, lists: Sequence[Path]) -> Iterator[tuple[list[str], list[int]]]:
    """The packer's arguments and descriptors for a dataset: its folder or, in storage, a pipe with the listed files."""
    if not is_remote(job.root):
        yield ["--root", job.root], []
        return
    # Only datasets in storage need the libraries of a plugin.
    from datacontainer.runtime.pipes import feeding
    from datacontainer.storage.provider import open_source

    with feeding(_contents(job, open_source(job.root), lists)) as pipe:
        yield ["--root", "/", "--stream", str(pipe)], [pipe]


def _contents(job: Job, source: "Source", lists: Sequence[Path]) -> Iterator[bytes]:
    from datacontainer.storage.stream import contents

    for listed in lists:
        objects = map(_object, files_of(listed.read_bytes()))
        yield from contents(source, objects, staged(job, listed.stem) if job.stages else None)


def _object(file: tuple[bytes, bytes]) -> Object:
    path, numbers = file
    size, mtime_ns, _, identity = map(int, numbers.split(b" ")[2:6])
    return Object(path, size, mtime_ns, identity)


def staged(job: Job, shard: str) -> Path:
    """The folder that has a copy of a shard's files while it is hashed, for functions that need files."""
    return job.results.digests(shard).with_suffix(COPIES)


class Shard:
    """A shard while it is hashed. pipe: into its layer, with zstd. unread: the number of files that are not read."""

    def __init__(self, job: Job, name: str, earlier: Sequence[EarlierShard]) -> None:
        """earlier: the shards that may contain earlier results for its files."""
        self._job, self._name, self._earlier, self._results = job, name, earlier, job.results
        self._listed, self._digests = job.results.list_of(name), job.results.digests(name)
        self._raw, self._part = (self._digests.with_suffix(suffix) for suffix in (".raw", ".part"))
        self._closing = ExitStack()
        self.pipe: Pipe | None = None
        self.unread = 0

    def __enter__(self) -> "Shard":
        """Opens the pipe, and writes the list of the files to read if they are not all files."""
        self._unstage()
        if self._job.layers and self._job.compression == ZSTD:
            layer, contents = self._results.layer(self._name), suits_contents(self._listed.read_bytes())
            self.pipe = self._closing.enter_context(pipe_into(layer, self._job.threads, contents=contents))
        if self._earlier and not (self._job.layers or self._job.stages):
            self._write_part(self._known())
        return self

    def __exit__(self, *error: Any) -> bool | None:
        """Closes the pipe, and removes temporary files."""
        self._raw.unlink(missing_ok=True)
        self._part.unlink(missing_ok=True)
        self._unstage()
        return self._closing.__exit__(*error)

    def triple(self) -> list[str | Path]:
        """The packer's arguments for this shard."""
        layer: str | Path = self._results.layer(self._name) if self._job.layers else "-"
        if self.pipe:
            layer = f"fd:{self.pipe.descriptor}"
        return [self._part if self.unread else self._listed, self._raw, layer]

    def finish(self, summary: dict[str, Any]) -> tuple[int, int]:
        """Writes the results, after the packer has read the shard; returns the number of files and of bytes."""
        self._closing.close()
        if self.pipe:
            summary["digest"], summary["blob_size"], summary["annotations"] = self.pipe.stored
        with ExitStack() as on_error:
            on_error.callback(self._results.layer(self._name).unlink, missing_ok=True)
            digests = self._read_twice(unleased) if (unleased := summary.pop("unleased")) else self._raw.read_bytes()
            known = self._known() if self._earlier else None
            if known:
                digests = known.joined(digests) if self.unread else digests
                known.check(digests, full=self._job.rescan == "full")
                summary |= known.counts()
            on_error.pop_all()
        if errors := self._write_fields(known):
            summary["errors"] = errors
        self._unstage()
        if self.unread:
            write_bytes(self._raw, digests)
        os.replace(self._raw, self._digests)
        self._write_facts(summary, hashlib.sha256(digests).hexdigest())
        return summary["files"], summary["bytes"]

    def _unstage(self) -> None:
        if self._job.stages:
            shutil.rmtree(staged(self._job, self._name), ignore_errors=True)

    def _write_facts(self, summary: dict[str, Any], sha256: str) -> None:
        job = self._job
        record = {"format": job.record_format, "digests": job.digests, "sha256": sha256}
        facts = summary | {"compression": job.compression, "record": record}
        write_bytes(self._results.facts(self._name), json.dumps(facts).encode())
        link_or_copy(self._listed, self._results.known_list(self._name))
        logger.info("shard %s: %d links, layer %s", self._name, summary["links"], summary["diff_id"])

    def _write_part(self, known: Known) -> None:
        self.unread = sum(known.unread)
        if self.unread:
            self._part.write_bytes(selected(self._listed.read_bytes(), known.unread))

    def _known(self) -> Known:
        functions = function_sources(self._job.functions)
        return look_up(self._results, self._earlier, self._listed.read_bytes(), self._job.digests, functions)

    def _write_fields(self, known: Known | None) -> Mapping[str, int]:
        """Calls the functions, and returns their recorded failures; without any, removes the fields of earlier ones."""
        if self._job.functions:
            from datacontainer.hash.userfields import write_user_fields

            return write_user_fields(self._job, self._name, known)
        self._results.fields(self._name).unlink(missing_ok=True)
        self._results.known_fields(self._name).unlink(missing_ok=True)
        return {}

    def _read_twice(self, unleased: int) -> bytes:
        """The digests, after a second read of the files.

        Raises:
            DataError: if the digests of the two reads differ; it names a file.
        """
        logger.info("all files are read twice, because the system granted no lease on %d of them", unleased)
        listed, first = self.triple()[0], self._raw.read_bytes()
        pack(self._job, [listed, self._raw, "-"], (), lambda _: None)
        compare(Path(listed).read_bytes(), first, self._raw.read_bytes())
        return first
