"""At which size does one engine's curve pass the other's, and how sure is that?

Times and sizes are compared on logarithmic scales, between measured sizes only: nothing is extrapolated. A lead is a
lead only at sizes where the intervals of the two medians lie apart.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossover.benchmark.results import Cell
from crossover.benchmark.statistics.summary import MINIMUM_SAMPLES, SEED, bootstrap_medians, faster, summarise


@dataclass(frozen=True)
class Point:
    """The measured times (seconds) of one engine at one size."""

    rows: int
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class Curve:
    """One engine's points, by ascending rows."""

    engine: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Crossover:
    """`from_engine` is faster below `rows`, `to_engine` above; the 95 % interval is `low` to `high` rows."""

    rows: float
    low: float
    high: float
    from_engine: str
    to_engine: str


@dataclass(frozen=True)
class NoneInRange:
    """`faster` is faster at every size measured, from `low_rows` to `high_rows`."""

    faster: str
    low_rows: int
    high_rows: int


@dataclass(frozen=True)
class Undecided:
    """The data name no winner over the whole range; `leads` has (rows, faster engine or None) of each size."""

    reason: str
    leads: tuple[tuple[int, str | None], ...]


Verdict = Crossover | NoneInRange | Undecided


def curve_of(cells: Iterable[Cell], case: str, engine: str, layout: str) -> Curve:
    """The curve of one case; cells with errors or without an agreed answer are left out.

    Two sizes that ended at the same snapshot were the same rows: they are one point with the times of both.
    """
    times: dict[int, tuple[float, ...]] = {}
    for cell in cells:
        if (cell.case, cell.engine, cell.layout) == (case, engine, layout) and cell.comparable:
            times[cell.rows] = times.get(cell.rows, ()) + cell.seconds
    return Curve(engine, tuple(Point(rows, times[rows]) for rows in sorted(times)))


def find_crossover(left: Curve, right: Curve, *, seed: int = SEED) -> Verdict:
    """Compare two curves at the sizes that both have."""
    pairs = _shared(left, right)
    signs = [faster(summarise(a.seconds), summarise(b.seconds)) for a, b in pairs]
    names = {-1: left.engine, 0: None, 1: right.engine}
    leads = tuple((a.rows, names[sign]) for (a, _), sign in zip(pairs, signs, strict=True))
    if not any(signs):
        return Undecided(_why_no_lead(pairs), leads)
    first, last = signs[0], signs[-1]
    if all(sign == first for sign in signs):
        return NoneInRange(str(names[first]), pairs[0][0].rows, pairs[-1][0].rows)
    if sorted(signs, key=lambda sign: sign * last) != signs or first != -last:
        turns = {-1, 1} <= set(signs)
        return Undecided("the lead changes more than once" if turns else "only some sizes show a difference", leads)
    # Only the stretch between the last size of the old leader and the first of the new one can hold the crossing.
    start, end = max(i for i, s in enumerate(signs) if s == first), signs.index(last)
    low, middle, high = _crossing(pairs[start : end + 1], first, seed)
    return Crossover(middle, low, high, str(names[first]), str(names[last]))


def _why_no_lead(pairs: list[tuple[Point, Point]]) -> str:
    if not pairs:
        return "no size was measured in both engines"
    if all(min(len(a.seconds), len(b.seconds)) < MINIMUM_SAMPLES for a, b in pairs):
        return f"fewer than {MINIMUM_SAMPLES} samples a size name no winner"
    return "no size shows a difference"


def _shared(left: Curve, right: Curve) -> list[tuple[Point, Point]]:
    others = {point.rows: point for point in right.points}
    return [(point, others[point.rows]) for point in left.points if point.rows in others]


def _crossing(pairs: list[tuple[Point, Point]], first: int, seed: int) -> tuple[float, float, float]:
    """Rows at the crossing: lower bound, estimate, upper bound."""
    rows = np.log([a.rows for a, _ in pairs])
    measured = np.array([[np.log(np.median(a.seconds)) - np.log(np.median(b.seconds)) for a, b in pairs]])
    resampled = np.column_stack([
        np.log(bootstrap_medians(a.seconds, seed=seed + 2 * i))
        - np.log(bootstrap_medians(b.seconds, seed=seed + 2 * i + 1))
        for i, (a, b) in enumerate(pairs)
    ])
    # Turned so that the curve rises through zero, whichever engine led at first.
    estimate = np.mean(_zeros(rows, -first * measured))
    earliest, latest = _zeros(rows, -first * resampled)
    low, high = np.quantile(earliest, 0.025), np.quantile(latest, 0.975)
    return float(np.exp(min(low, estimate))), float(np.exp(estimate)), float(np.exp(max(high, estimate)))


def _zeros(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and last upward zero of each row of `y` over `x`; the nearer end of `x` for a row that has none."""
    before, after = y[:, :-1], y[:, 1:]
    crosses = (before <= 0) & (after > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        zeros = x[:-1] - before * (x[1:] - x[:-1]) / (after - before)
    none = ~crosses.any(axis=1)
    end = np.where(y[:, -1] > 0, x[0], x[-1])
    first = np.take_along_axis(zeros, crosses.argmax(axis=1)[:, None], axis=1)[:, 0]
    backwards = crosses.shape[1] - 1 - crosses[:, ::-1].argmax(axis=1)
    last = np.take_along_axis(zeros, backwards[:, None], axis=1)[:, 0]
    return np.where(none, end, first), np.where(none, end, last)
