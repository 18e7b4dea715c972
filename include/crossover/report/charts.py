"""What a chart shows and on which scales, before anything is drawn.

The inline SVG (svg.py) and the PNG files (plots.py) are drawn from these same objects, so they cannot differ.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from crossover.report import words

# Sizes of a time axis below this ratio are widened: noise must not look like a cliff.
MINIMUM_SPAN = 4.0
# A crossing read off the model is drawn up to so many times outside the measured sizes; the sentence has all of it.
MOST_BEYOND = 10.0


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis (linear when it says so) from `low` to `high`, with ticks as (value, label)."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    linear: bool = False

    def place(self, value: float, start: float, end: float) -> float:
        """Where `value` lies between the coordinates `start` and `end`; values outside are held at the edge."""
        if self.linear:
            share = (value - self.low) / (self.high - self.low)
        else:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        return start + min(max(share, 0.0), 1.0) * (end - start)


@dataclass(frozen=True)
class Point:
    """The median seconds of one cell with its interval."""

    rows: int
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """One engine in one layout over the sizes, smallest first."""

    engine: str
    layout: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Fitted:
    """The model t = a + b * n^c of one engine in one layout, in `words`.

    `curve` has (rows, seconds) along the model; `residuals` has (rows, measured median / model) of each size.
    """

    engine: str
    layout: str
    words: str
    curve: tuple[tuple[float, float], ...]
    residuals: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Mark:
    """A crossing: at `rows` (interval `low` to `high`) both engines take `seconds`."""

    rows: float
    low: float
    high: float
    seconds: float
    kept: bool
    extrapolated: bool = False


@dataclass(frozen=True)
class Void:
    """A cell that has no valid time, and why."""

    rows: int
    engine: str
    layout: str
    reason: str


@dataclass(frozen=True)
class CaseChart:
    """Seconds against rows for one case."""

    name: str
    title: str
    summary: str
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]
    voids: tuple[Void, ...]
    rows: Axis
    seconds: Axis
    fits: tuple[Fitted, ...] = ()


@dataclass(frozen=True)
class Change:
    """One case before and after compaction (or indexing) at one size; `differs` = the intervals do not overlap."""

    title: str
    before: Point
    after: Point
    note: str
    differs: bool


@dataclass(frozen=True)
class ChangeChart:
    """Seconds of one engine in its raw and in its kept layout, one line a case, at the largest size.

    `held` tells the files and bytes of both layouts, `missing` the cases without two valid cells.
    """

    engine: str
    before_layout: str
    after_layout: str
    title: str
    held: str
    changes: tuple[Change, ...]
    missing: tuple[str, ...]
    seconds: Axis


@dataclass(frozen=True)
class Lead:
    """Who is faster at one size; nobody when void or when the intervals overlap."""

    rows: int
    faster: str | None
    void: bool
    text: str


@dataclass(frozen=True)
class Strip:
    """The leads of one pair of layouts over the sizes, with the crossing if there is one."""

    label: str
    sentence: str
    leads: tuple[Lead, ...]
    mark: Mark | None
    rows: Axis


def rows_axis(sizes: Iterable[int], *, beyond: Iterable[float] = (), most_ticks: int = 5) -> Axis:
    """The axis of the measured sizes; each size is a tick unless there are too many or two are too close.

    `beyond`: crossings outside the measured sizes, for which the axis is widened up to MOST_BEYOND times.
    """
    known = sorted(set(sizes)) or [1]
    reach = [min(max(rows, known[0] / MOST_BEYOND), known[-1] * MOST_BEYOND) for rows in beyond]
    low, high = min(known[0], *reach, known[0]) / 1.3, max(known[-1], *reach, known[-1]) * 1.3
    apart = math.log(high / low) / most_ticks / 1.25
    ticks: list[int] = []
    for size in reversed(known):
        if not ticks or math.log(ticks[-1] / size) >= apart:
            ticks.append(size)
    return Axis(low, high, tuple((float(size), words.rows(size)) for size in reversed(ticks)))


def seconds_axis(points: Sequence[Point], *, beyond: Iterable[float] = ()) -> Axis:
    """The axis that holds every interval and `beyond`; at least a factor of MINIMUM_SPAN wide."""
    positive = [value for p in points for value in (p.low, p.median, p.high) if value > 0] or [1.0]
    positive += [value for value in beyond if value > 0]
    low, high = min(positive) / 1.15, max(positive) * 1.15
    widen = max(math.sqrt(MINIMUM_SPAN / (high / low)), 1.0)
    low, high = low / widen, high * widen
    return Axis(low, high, tuple((value, words.tick_seconds(value)) for value in round_values(low, high)))


def round_values(low: float, high: float) -> list[float]:
    """1-2-5 steps, thinned to 1-3 steps or whole decades when there are more than six."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values: list[float] = []
    for steps in ((1, 2, 5), (1, 3), (1,)):
        values = [float(f"{step}e{decade}") for decade in decades for step in steps]
        values = [value for value in values if low <= value <= high]
        if len(values) <= 6:
            break
    return values


def seconds_at(line: Line, rows: float) -> float:
    """The line's seconds at `rows`, read off between the measured sizes on log-log scales."""
    points = line.points
    for left, right in pairwise(points):
        if left.rows <= rows <= right.rows:
            share = math.log(rows / left.rows) / math.log(right.rows / left.rows)
            return math.exp((1 - share) * math.log(left.median) + share * math.log(right.median))
    return points[0].median if rows < points[0].rows else points[-1].median
