"""The page of a report: one HTML file that needs nothing else, and how names and numbers are shown in it."""

import os
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from datacontainer import __version__
from datacontainer.report.history import State
from datacontainer.runtime.outputs import write_bytes

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
# The drawing of the growth, in its own units.
DRAWN_WIDTH, DRAWN_HEIGHT = 600, 100


class Bar(NamedTuple):
    """A line of a bar chart; width: of the bar, in percent of the longest."""

    name: str
    files: int
    size_bytes: int
    width: float


class Step(NamedTuple):
    """A state of the dataset, and how much more it was than the one before; None for the first."""

    state: State
    more_files: int | None
    more_bytes: int | None


def write_page(template: Path, page: Path, values: dict[str, Any]) -> None:
    """Fills the template; all values are escaped, and none is ever a template itself."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"bytes": bytes_text, "count": count_text, "more": more_text, "name": name_text}
    # Escapes what a user's label has in it that no UTF-8 can hold.
    html = environment.from_string(template.read_text(encoding="utf-8")).render(datacontainer=__version__, **values)
    write_bytes(page, html.encode("utf-8", "backslashreplace"))


def bars(lines: Iterable[tuple[str, int, int]], by: str) -> list[Bar]:
    """The lines (name, files, bytes) with bars as long as `by` says: "files" or "bytes"."""
    lines = list(lines)
    lengths = [files if by == "files" else size_bytes for _, files, size_bytes in lines]
    longest = max(lengths, default=0) or 1
    return [Bar(*line, round(100 * length / longest, 2)) for line, length in zip(lines, lengths, strict=True)]


def steps(states: Sequence[State]) -> list[Step]:
    """Each state with what came to it, the first first."""
    later = [Step(now, now.files - one.files, now.size_bytes - one.size_bytes) for one, now in pairwise(states)]
    return [Step(states[0], None, None), *later]


def growth_points(states: Sequence[State]) -> str:
    """The points of a line from state to state, as high as the bytes; in units of the drawing, from its top left."""
    largest = max(state.size_bytes for state in states) or 1
    apart = DRAWN_WIDTH / max(1, len(states) - 1)
    heights = [DRAWN_HEIGHT * (1 - state.size_bytes / largest) for state in states]
    return " ".join(f"{number * apart:.1f},{height:.1f}" for number, height in enumerate(heights))


def name_text(name: bytes | str) -> str:
    """A name as it is where all of it shows, and in quotes with escapes where it would not."""
    text = os.fsdecode(name)
    if text.isprintable() and text == text.strip(" '\"") and text:
        return text
    return repr(text)


def bytes_text(size_bytes: int) -> str:
    """A size in three digits and a unit of thousands, as in 1.23 MB."""
    for power, unit in enumerate(UNITS):
        shown = float(f"{size_bytes / 1000**power:.3g}")
        # 999,999 bytes are not 1,000 kB.
        if shown < 1000:
            return f"{shown:g} {unit}"
    return f"{size_bytes} B"


def count_text(number: float) -> str:
    """A number with its thousands apart."""
    return f"{number:,}".replace(",", "\u202f")


def more_text(number: int | None) -> str:
    """A difference with its sign; nothing where there is none to tell."""
    if number is None:
        return ""
    sign = "+" if number > 0 else "\u2212" if number < 0 else "\u00b1"
    return f"{sign}{count_text(abs(number))}"


def class_text(number: int) -> str:
    """A size class in words: 0 is that of empty files, n that of sizes with n digits."""
    if number == 0:
        return "empty"
    least, next_least = 10 ** (number - 1), 10**number
    if number <= 3:
        return f"{least} to {next_least - 1} B"
    return f"{bytes_text(least)} to {bytes_text(next_least)}"
