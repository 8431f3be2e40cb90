"""Work: the argument of the worker, and the messages that it sends."""

import json
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

# The beginnings of a message, which is a line. A message without them is the JSON of the fields of the next file. STEP:
# a function was loaded, or returned and is not the last one. FAILED: JSON of function, problem, trace ("" if the log
# has one) and reason. CHANGED: JSON of function and difference. UNLOADED: JSON of the problem. PEAK: the most memory,
# kB.
STEP, FAILED, CHANGED, UNLOADED, PEAK = b"+", b"!", b"~", b"?", b"="
# The exit status of a worker whose pipe a function closed.
PIPE_CLOSED = 119


class Work(NamedTuple):
    """The functions to call, and their arguments.

    functions: as the configuration names them. root: the absolute path of the dataset's folder; the list of files is
    the standard input. catalog: the file that the functions get as a data frame instead of files; "" for files.
    taken: the names of other fields. first: the row of the list to begin with. results: the descriptor for messages.
    parent: the process for which the worker works. search: Python's search path.
    """

    functions: Sequence[str]
    root: str = "/"
    catalog: str = ""
    taken: Sequence[str] = ()
    first: int = 0
    results: int = -1
    parent: int = -1
    search: Sequence[str] = ()

    def encode(self) -> str:
        """The work as text, of which `decode` is the inverse."""
        return json.dumps(self)

    @classmethod
    def decode(cls, text: str) -> "Work":
        """The work from the text of `encode`."""
        return cls(*json.loads(text))


def function_sources(functions: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of a user's function, as written in the configuration, and the digest of its source."""
    return [(spec, _source(spec)) for spec in functions]


# Cached: the sources do not change within a process, and each job is a separate process.
@cache
def _source(spec: str) -> str:
    # Only a configuration with functions needs this import, which costs time.
    from datacontainer.functions.load import source_digest

    return source_digest(spec)
