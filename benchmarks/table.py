"""The table of results: each row is a ratio or a difference, and its limit."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

HEAD = "| measurement | datacontainer | peer | result | range | limit | |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Figure:
    """A row: subject, our median and the peer's as text, the result, its upper limit, and the result of each pair."""

    measured: str
    ours: str
    peer: str
    result: float
    limit: float
    unit: str = "x"
    pairs: Sequence[float] = ()

    def markdown(self, mark: str = "") -> str:
        """The row in Markdown; mark: a note at its end."""
        span = f"{min(self.pairs):.2f} to {max(self.pairs):.2f}" if len(self.pairs) > 1 else ""
        verdict = "✓" if self.result <= self.limit else "**missed**"
        cells = (
            self.measured,
            self.ours,
            self.peer,
            f"{self.result:.2f} {self.unit}",
            span,
            f"≤ {self.limit:g} {self.unit}",
        )
        return f"| {' | '.join(cells)} | {verdict}{mark} |"


def ratio(measured: str, ours: Sequence[float], name: str, peer: Sequence[float], limit: float) -> Figure:
    """The row for the seconds of alternating runs: the ratio of the medians, and that of each run to the peer's."""
    pairs = [one / other for one, other in zip(ours, peer, strict=True)]
    result = statistics.median(ours) / statistics.median(peer)
    return Figure(measured, seconds(ours), f"{name} {seconds(peer)}", result, limit, pairs=pairs)


def seconds(values: Sequence[float]) -> str:
    """The median of times, with its unit."""
    value = statistics.median(values)
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def megabytes(value: float) -> str:
    """A size in megabytes."""
    return f"{value / 1e6:.1f} MB"
