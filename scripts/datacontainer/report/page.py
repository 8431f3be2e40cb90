"""The page of a report: a self-contained HTML file, and the texts of names, sizes and numbers in it."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from datacontainer import __version__
from datacontainer.report.counts import Count
from datacontainer.report.history import State
from datacontainer.runtime.logs import escaped
from datacontainer.runtime.outputs import write_bytes

# Characters of one value of a column, and of all values that are shown of a column: about three lines.
LONGEST_VALUE, LONGEST_VALUES = 60, 240
UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
# Size of the growth chart, in the units of its viewBox.
DRAWN_WIDTH, DRAWN_HEIGHT = 600, 100


class Bar(NamedTuple):
    """A line of a bar chart; width: of the bar, in percent of the longest bar."""

    name: str
    files: int
    size_bytes: int
    width: float


class Step(NamedTuple):
    """A state of the dataset, and its difference to the state before; None for the first state."""

    state: State
    more_files: int | None
    more_bytes: int | None


def write_page(template: Path, page: Path, values: dict[str, Any]) -> None:
    """Writes the filled template. Jinja2 escapes every value, and never evaluates a value as a template."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(bytes=bytes_text, bound=bound_text, count=count_text, more=more_text, name=name_text)
    environment.filters.update(fitting=fitting_values, escaped=escaped)
    # A label can contain surrogates, which UTF-8 cannot encode.
    html = environment.from_string(template.read_text(encoding="utf-8")).render(datacontainer=__version__, **values)
    write_bytes(page, html.encode("utf-8", "backslashreplace"))


def bars(lines: Iterable[tuple[str, int, int]], by: str) -> list[Bar]:
    """Returns the lines (name, files, bytes) with bars in proportion to `by`: "files" or "bytes"."""
    lines = list(lines)
    lengths = [files if by == "files" else size_bytes for _, files, size_bytes in lines]
    longest = max(lengths, default=0) or 1
    return [Bar(*line, round(100 * length / longest, 2)) for line, length in zip(lines, lengths, strict=True)]


def steps(states: Sequence[State]) -> list[Step]:
    """Returns each state with its difference to the state before, the oldest first."""
    later = [Step(now, now.files - one.files, now.size_bytes - one.size_bytes) for one, now in pairwise(states)]
    return [Step(states[0], None, None), *later]


def growth_points(states: Sequence[State]) -> str:
    """Returns the points of the growth line, as high as the bytes; the origin of the coordinates is at the top left."""
    largest = max(state.size_bytes for state in states) or 1
    apart = DRAWN_WIDTH / max(1, len(states) - 1)
    heights = [DRAWN_HEIGHT * (1 - state.size_bytes / largest) for state in states]
    return " ".join(f"{number * apart:.1f},{height:.1f}" for number, height in enumerate(heights))


def name_text(name: bytes | str) -> str:
    """Returns the name, in quotes with escapes if characters would be invisible or misleading."""
    text = os.fsdecode(name)
    if text.isprintable() and text == text.strip(" '\"") and text:
        return text
    return repr(text)


def value_text(value: str) -> str:
    """Returns a value of a column as `name_text` does, shortened to a fixed length."""
    return name_text(value) if len(value) <= LONGEST_VALUE else f"{name_text(value[:LONGEST_VALUE])}…"


def fitting_values(frequent: Sequence[Count]) -> list[tuple[str, int]]:
    """Returns the first values with their files, as many as fit into LONGEST_VALUES characters; at least one."""
    values = [(value_text(str(one.key)), one.files) for one in frequent]
    ends = accumulate(len(f"{value}  {files}  ") for value, files in values)
    return [
        value
        for number, (value, end) in enumerate(zip(values, ends, strict=True))
        if not number or end <= LONGEST_VALUES
    ]


def bound_text(bound: float | datetime) -> str:
    """Returns a number, or a time to the second."""
    return f"{bound:%Y-%m-%d %H:%M:%S}" if isinstance(bound, datetime) else count_text(bound)


def bytes_text(size_bytes: int) -> str:
    """Returns a size with three digits and a decimal unit, as in 1.23 MB."""
    for power, unit in enumerate(UNITS):
        shown = float(f"{size_bytes / 1000**power:.3g}")
        # 999,999 bytes are 1 MB, not 1,000 kB.
        if shown < 1000:
            return f"{shown:g} {unit}"
    return f"{size_bytes} B"


def count_text(number: float) -> str:
    """Returns a number with narrow spaces between the thousands."""
    return f"{number:,}".replace(",", "\u202f")


def more_text(number: int | None) -> str:
    """Returns a difference with its sign; an empty text for None."""
    if number is None:
        return ""
    sign = "+" if number > 0 else "\u2212" if number < 0 else "\u00b1"
    return f"{sign}{count_text(abs(number))}"


def class_text(number: int) -> str:
    """Returns the bounds of a size class: class 0 has the empty files, class n the sizes with n digits."""
    if number == 0:
        return "empty"
    least, next_least = 10 ** (number - 1), 10**number
    if number <= 3:
        return f"{least} to {next_least - 1} B"
    return f"{bytes_text(least)} to {bytes_text(next_least)}"
