"""The history of a dataset: a line for each version or content that a report was made for."""

from pathlib import Path
from typing import NamedTuple

from datacontainer.runtime.errors import DataError
from datacontainer.runtime.outputs import write_bytes

HEADER = "version\tfiles\tbytes\tdigest"


class State(NamedTuple):
    """A state of the dataset; digest: the dataset digest."""

    version: str
    files: int
    size_bytes: int
    digest: str


def add_state(history: Path, now: State) -> list[State]:
    """Adds `now` to the file `history`, if it differs from the last state; returns all states, the oldest first.

    The file contains no times, so that a second build of the same states writes the same bytes.

    Raises:
        DataError: if this function did not write the file.
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
            raise ValueError(f"expected the first line {HEADER!r}, found {header!r}")
        return [_state(*line.split("\t")) for line in lines]
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{str(history)!r} is not a history that a report wrote ({error}): delete it, or restore it from a backup"
        ) from error


def _state(version: str, files: str, size_bytes: str, digest: str) -> State:
    return State(version, int(files), int(size_bytes), digest)
