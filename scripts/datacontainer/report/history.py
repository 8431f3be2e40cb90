"""The history of a dataset: what it was each time that a report was made of something new."""

from pathlib import Path
from typing import NamedTuple

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.outputs import write_bytes

HEADER = "version\tfiles\tbytes\tdigest"


class State(NamedTuple):
    """The dataset as one version had it; digest: the dataset digest."""

    version: str
    files: int
    size_bytes: int
    digest: str


def remember(history: Path, now: State) -> list[State]:
    """All states in the file `history`, the oldest first, `now` being the last; it is added where it is new.

    The file has a line for each state and no times: a version says more, and a clock is not to be had again.

    Raises:
        DataError: when the file is not one that this function wrote.
    """
    states = _read(history) if history.exists() else []
    if not states or states[-1] != now:
        states.append(now)
    lines = [HEADER, *("\t".join(map(str, state)) for state in states)]
    write_bytes(history, "".join(f"{line}\n" for line in lines).encode())
    return states


def _read(history: Path) -> list[State]:
    header, *lines = history.read_text(encoding="utf-8", errors="backslashreplace").splitlines() or [""]
    try:
        if header != HEADER:
            raise ValueError(f"the first line is {header!r} and not {HEADER!r}")
        return [_state(*line.split("\t")) for line in lines]
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{str(history)!r} is not a history that a report wrote ({error}): delete it, or put it back as it was"
        ) from error


def _state(version: str, files: str, size_bytes: str, digest: str) -> State:
    return State(version, int(files), int(size_bytes), digest)
