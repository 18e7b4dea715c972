"""Charts of what is not a curve over sizes: bars, cumulative shares, heat maps, small lines.

Like charts.py: the inline SVG, the PNG files and the data to download are all made from these objects.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossover.report import words
from crossover.report.charts import Axis, round_values


@dataclass(frozen=True)
class Bar:
    """One value with the spread of its repetitions; `engine` chooses the colour, `note` stands beside the label."""

    label: str
    engine: str
    value: float
    low: float
    high: float
    text: str
    note: str = ""


@dataclass(frozen=True)
class BarChart:
    """Horizontal bars in one unit."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    axis: Axis


@dataclass(frozen=True)
class Share:
    """Sorted values of one store and the two quantiles that are told."""

    label: str
    engine: str
    values: tuple[float, ...]
    p50: float
    p99: float


@dataclass(frozen=True)
class ShareChart:
    """Which share of the values is at most so large: one rising line a store."""

    title: str
    unit: str
    shares: tuple[Share, ...]
    axis: Axis


@dataclass(frozen=True)
class Tile:
    """One place of a heat map: `ratio` to the reference, None when it was not measured or is void."""

    ratio: float | None
    text: str
    told: str


@dataclass(frozen=True)
class HeatMap:
    """Ratios, one row a case and one column a condition."""

    title: str
    engine: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    tiles: tuple[tuple[Tile, ...], ...]


@dataclass(frozen=True)
class Spot:
    """Seconds at one place of a horizontal axis, median and spread."""

    at: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class SmallChart:
    """One line on logarithmic scales, seconds against `across`."""

    title: str
    across: str
    engine: str
    spots: tuple[Spot, ...]
    horizontal: Axis
    vertical: Axis


def bar_axis(bars: Sequence[Bar], label: Callable[[float], str]) -> Axis:
    """A linear axis from zero: the length of a bar is its value."""
    top = max((max(bar.value, bar.high) for bar in bars), default=1.0) or 1.0
    step = 10.0 ** math.floor(math.log10(top))
    step = next(step * factor for factor in (0.2, 0.5, 1.0, 2.0, 5.0) if top / (step * factor) <= 4)
    ticks = tuple((step * n, label(step * n)) for n in range(math.floor(top / step) + 1))
    return Axis(0.0, top * 1.02, ticks, linear=True)


def log_axis(values: Sequence[float], label: Callable[[float], str], *, ticks: Sequence[float] = ()) -> Axis:
    """A logarithmic axis around the positive `values`, at least a factor of two wide."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive) / 1.15, max(positive) * 1.15
    widen = max(math.sqrt(2.0 / (high / low)), 1.0)
    low, high = low / widen, high * widen
    chosen = [value for value in (ticks or round_values(low, high)) if low <= value <= high]
    return Axis(low, high, tuple((value, label(value)) for value in chosen))


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the sorted values that at least `share` of them do not exceed."""
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def middle(values: Sequence[float]) -> float:
    """The median of a few repetitions."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def tile_of(ratio: float | None, told: str) -> Tile:
    """`1.4` in the tile; a dash for what is not known."""
    return Tile(ratio, "–" if ratio is None else words.significant(ratio, 3 if ratio >= 1 else 2), told)
