"""The table of figures: what was measured, against what, and whether it is within its bar."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A row: what, ours and the peer's as text, the ratio or difference with its unit, and the bar in the same unit."""

    what: str
    ours: str
    peer: str
    found: float
    bar: float
    unit: str = "x"

    @property
    def reached(self) -> bool:
        """Whether the bar is kept."""
        return self.found <= self.bar


def markdown(figures: Sequence[Figure]) -> str:
    """The figures as a table in Markdown."""
    rows = ["| what | ours | peer | found | bar | |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {one.what} | {one.ours} | {one.peer} | {one.found:.2f} {one.unit} | ≤ {one.bar:g} {one.unit} "
        f"| {'✓' if one.reached else '**missed**'} |"
        for one in figures
    ]
    return "\n".join(rows) + "\n"


def seconds(value: float) -> str:
    """A time as a person reads it."""
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def megabytes(value: float) -> str:
    """A size as a person reads it."""
    return f"{value / 1e6:.1f} MB"
