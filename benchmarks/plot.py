"""Plots of curves with two logarithmic axes as SVG, which is readable on light and dark pages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 64, 150, 20, 48
COLOURS = ("#444", "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2", "#7f7f7f")
STYLE = "text{font:12px sans-serif;fill:#777}.grid{stroke:#8884}.curve{fill:none;stroke-width:2}"


@dataclass(frozen=True)
class Curve:
    """A named curve and its points."""

    name: str
    points: Sequence[tuple[float, float]]


class Axis:
    """A logarithmic axis between two powers of ten."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        """start, end: positions of the lowest and the highest power of ten in the plot."""
        self.low, self.high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        self.start, self.end = start, end

    def place(self, value: float) -> float:
        """The position of a value in the plot."""
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self) -> list[float]:
        """The powers of ten on the axis."""
        return [10.0**power for power in range(self.low, self.high + 1)]


def draw(curves: Sequence[Curve], across_title: str, up_title: str) -> str:
    """The plot as SVG."""
    points = [point for curve in curves for point in curve.points]
    across = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(up_title)} over {escape(across_title)}</title><style>{STYLE}</style>",
    ]
    for value in across.ticks():
        x = across.place(value)
        parts.append(f'<path class="grid" d="M{x} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{value:,.0f}</text>')
    for value in up.ticks():
        y = up.place(value)
        parts.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value:g}</text>')
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{across_title}</text>')
    parts.append(f'<text x="14" y="{HEIGHT / 2}" transform="rotate(-90 14 {HEIGHT / 2})">{up_title}</text>')
    places = _label_places([up.place(curve.points[-1][1]) for curve in curves])
    for number, (curve, label) in enumerate(zip(curves, places, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        line = " ".join(f"{across.place(x)},{up.place(y)}" for x, y in curve.points)
        parts.append(f'<polyline class="curve" stroke="{colour}" points="{line}"/>')
        place = f'x="{WIDTH - RIGHT + 10}" y="{label + 4}" style="fill:{colour}"'
        parts.append(f"<text {place}>{escape(curve.name)}</text>")
    return "\n".join([*parts, "</svg>"]) + "\n"


def _label_places(wanted: Sequence[float], apart: float = 15) -> list[float]:
    """Positions of labels near the wanted positions, without overlaps."""
    placed = [0.0] * len(wanted)
    above = -math.inf
    for number in sorted(range(len(wanted)), key=lambda number: wanted[number]):
        above = placed[number] = max(wanted[number], above + apart)
    return placed
