"""Earlier: finds the shards of earlier runs that contain some of a shard's paths. Imports no library for columns."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from datacontainer.config.results import Results
from datacontainer.runtime.logs import logger

# More than the longest record of a list.
RECORD_BYTES = 1 << 14


class Span(NamedTuple):
    """The first and the last path of a list, as the list sorts them."""

    first: bytes
    last: bytes


class EarlierShard(NamedTuple):
    """A shard that was hashed. digests: the names of those in its file, whose sha256 is in hex."""

    name: str
    span: Span
    digests: Sequence[str]
    sha256: str


class Earlier:
    """The shards that were hashed, the newest first."""

    def __init__(self, results: Results, record_format: int) -> None:
        """record_format: the version of the records; other records are ignored."""
        self._shards, self._results = [], results
        facts = [results.facts(listed.stem) for listed in results.known.glob("*.list")]
        found = [path for path in facts if path.is_file()]
        for path in sorted(found, key=lambda path: (-path.stat().st_mtime_ns, path.name)):
            try:
                record, span = json.loads(path.read_bytes())["record"], _span(results.known_list(path.stem))
            except (OSError, ValueError, KeyError, IndexError) as error:
                logger.warning("%s cannot be read and is ignored: %s", path, error)
                continue
            if span and record["format"] == record_format:
                self._shards.append(EarlierShard(path.stem, span, record["digests"], record["sha256"]))

    def around(self, shard: str) -> list[EarlierShard]:
        """The shards that may contain paths of a shard."""
        span = _span(self._results.list_of(shard)) if self._shards else None
        return [one for one in self._shards if span and one.span.first <= span.last and span.first <= one.span.last]


def _span(listed: Path) -> Span | None:
    """The span of a list; None if it is empty."""
    with open(listed, "rb") as file:
        head = file.read(RECORD_BYTES).split(b"\0", 2)
        file.seek(max(0, os.fstat(file.fileno()).st_size - RECORD_BYTES))
        tail = file.read().split(b"\0")
    return Span(_place(*head[:2]), _place(*tail[-4:-2])) if len(head) > 1 else None


def _place(numbers: bytes, path: bytes) -> bytes:
    # Scan sorts an empty folder like the files that it could contain.
    return path + b"/" if numbers[:1] == b"d" else path
