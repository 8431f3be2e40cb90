"""The table of results: what was measured, the comparison, and whether the result is within its limit."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A row: subject, our result and the peer's as text, the ratio or difference with its unit, and its upper limit."""

    measured: str
    ours: str
    peer: str
    result: float
    limit: float
    unit: str = "x"

    @property
    def within_limit(self) -> bool:
        """Whether the result is within the limit."""
        return self.result <= self.limit


def markdown(figures: Sequence[Figure]) -> str:
    """The results as a table in Markdown."""
    rows = ["| measurement | datacontainer | peer | result | limit | |", "|---|---|---|---|---|---|"]
    rows += [
        f"| {one.measured} | {one.ours} | {one.peer} | {one.result:.2f} {one.unit} | ≤ {one.limit:g} {one.unit} "
        f"| {'✓' if one.within_limit else '**missed**'} |"
        for one in figures
    ]
    return "\n".join(rows) + "\n"


def seconds(value: float) -> str:
    """A time with its unit."""
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def megabytes(value: float) -> str:
    """A size in megabytes."""
    return f"{value / 1e6:.1f} MB"
