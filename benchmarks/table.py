"""The table of results: each row is a ratio or a difference, and its limit."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

HEAD = "| measurement | datacontainer | peer | result | range | limit | |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Figure:
    """A row: subject, our median and the peer's as text, the result of each pair of runs, and its upper limit."""

    measured: str
    ours: str
    peer: str
    results: Sequence[float]
    limit: float
    unit: str = "x"

    def markdown(self, mark: str = "") -> str:
        """The row in Markdown; mark: a note at its end."""
        result = statistics.median(self.results)
        span = f"{min(self.results):.2f} to {max(self.results):.2f}" if len(self.results) > 1 else ""
        verdict = "✓" if result <= self.limit else "**missed**"
        cells = (
            self.measured,
            self.ours,
            self.peer,
            f"{result:.2f} {self.unit}",
            span,
            f"≤ {self.limit:g} {self.unit}",
        )
        return f"| {' | '.join(cells)} | {verdict}{mark} |"


def ratio(measured: str, ours: Sequence[float], name: str, peer: Sequence[float], limit: float) -> Figure:
    """The row for the seconds of alternating runs: the ratio of each run to the peer's run after it."""
    results = [one / other for one, other in zip(ours, peer, strict=True)]
    return Figure(measured, seconds(ours), f"{name} {seconds(peer)}", results, limit)


def seconds(values: Sequence[float]) -> str:
    """The median of times, with its unit."""
    value = statistics.median(values)
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def megabytes(value: float) -> str:
    """A size in megabytes."""
    return f"{value / 1e6:.1f} MB"
