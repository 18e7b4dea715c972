"""At which size does one engine's curve pass the other's, and how sure is that?

Times and sizes are compared on logarithmic scales. With four sizes or more both engines' curves are fitted
(statistics/curves.py) and the interval covers the samples' scatter and the shifts of whole cells; with fewer the
crossing is read off between neighbours. A lead is a lead only at sizes where the intervals of the two medians lie apart
by more than the engines' noise.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from crossover.benchmark.results import Cell
from crossover.benchmark.statistics.curves import MINIMUM_SIZES, Fit, fit
from crossover.benchmark.statistics.intersection import EXTRAPOLATION, Measured, modelled
from crossover.benchmark.statistics.noise import MINIMUM_FLOOR
from crossover.benchmark.statistics.summary import MINIMUM_SAMPLES, SEED, bootstrap_medians, faster, summarise
from crossover.benchmark.statistics.zeros import first_and_last


@dataclass(frozen=True)
class Point:
    """The measured times (seconds) of one engine at one size; `bytes` is what the rows take in its store."""

    rows: int
    seconds: tuple[float, ...]
    bytes: int | None = None


@dataclass(frozen=True)
class Curve:
    """One engine's points, by ascending rows."""

    engine: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Crossover:
    """`from_engine` is faster below `rows`, `to_engine` above; the 95 % interval is `low` to `high` rows.

    `extrapolated`: the crossing lies beyond the largest size measured. `fits` are the two curves (from, to) that it was
    computed from; without them it was read off between neighbouring sizes.
    """

    rows: float
    low: float
    high: float
    from_engine: str
    to_engine: str
    extrapolated: bool = False
    fits: tuple[Fit, Fit] | None = None

    @property
    def worst(self) -> float | None:
        """The largest factor between a measured median and its fitted curve; None without fitted curves."""
        return max(one.worst for one in self.fits) if self.fits else None


@dataclass(frozen=True)
class NoneInRange:
    """`faster` is faster at every size measured, from `low_rows` to `high_rows`.

    `beyond` is where the fitted curves cross above `high_rows`, at most eight times as far: a guess, never a finding.
    """

    faster: str
    low_rows: int
    high_rows: int
    beyond: Crossover | None = None


@dataclass(frozen=True)
class Undecided:
    """The data name no winner over the whole range; `leads` has (rows, faster engine or None) of each size."""

    reason: str
    leads: tuple[tuple[int, str | None], ...]


Verdict = Crossover | NoneInRange | Undecided


@dataclass(frozen=True)
class InBytes:
    """A crossing told in bytes of one engine's store; `low` and `high` as in `Crossover`."""

    bytes: float
    low: float
    high: float

    def per_gib(self, memory_bytes: int) -> "InBytes":
        """The same per GiB of memory of the engine: what carries over to a machine of another size."""
        share = 2**30 / memory_bytes
        return InBytes(self.bytes * share, self.low * share, self.high * share)


def curve_of(
    cells: Iterable[Cell], case: str, engine: str, layout: str, cache_state: str = "hot", condition: str = "idle"
) -> Curve:
    """The curve of one case; cells with errors or without an agreed answer are left out.

    Two sizes that ended at the same snapshot were the same rows: they are one point with the times of both.
    """
    wanted = (case, engine, layout, cache_state, condition)
    points: dict[int, Point] = {}
    for cell in cells:
        if (cell.case, cell.engine, cell.layout, cell.cache_state, cell.condition) == wanted and cell.comparable:
            known = points.get(cell.rows, Point(cell.rows, (), cell.bytes))
            points[cell.rows] = Point(cell.rows, known.seconds + cell.seconds, known.bytes)
    return Curve(engine, tuple(points[rows] for rows in sorted(points)))


def fit_of(curve: Curve) -> Fit:
    """The model through the medians of a curve.

    Raises:
        BadInput: the curve has fewer than four sizes.
    """
    points = curve.points
    return fit(curve.engine, [p.rows for p in points], [float(np.median(p.seconds)) for p in points])


def find_crossover(
    left: Curve,
    right: Curve,
    *,
    floors: Mapping[str, float] | None = None,
    leads: Mapping[int, str | None] | None = None,
    seed: int = SEED,
) -> Verdict:
    """Compare two curves at the sizes that both have.

    `floors` are the noise floors of the engines (statistics/noise.py); an engine without one counts with the smallest.
    `leads` tells for each size (rows) which engine leads there, None = neither; without it the curves' intervals tell.
    """
    pairs, signs = leads_of(left, right, floors=floors, seed=seed)
    if leads is not None:
        signs = [{left.engine: -1, right.engine: 1}.get(leads.get(a.rows) or "", 0) for a, _ in pairs]
    names = {-1: left.engine, 0: None, 1: right.engine}
    leaders = tuple((a.rows, names[sign]) for (a, _), sign in zip(pairs, signs, strict=True))
    if not any(signs):
        return Undecided(_why_no_lead(pairs), leaders)
    first, last = signs[0], signs[-1]
    # The old leader at -1 ahead: both curves and all signs turned so that the difference of times rises with size.
    old, new = (left, right) if first == -1 else (right, left)
    ordered = pairs if first == -1 else [(b, a) for a, b in pairs]
    if all(sign == first for sign in signs):
        return NoneInRange(old.engine, pairs[0][0].rows, pairs[-1][0].rows, _beyond(ordered, old, new, seed))
    if not first or first != -last or sorted(signs, key=lambda sign: sign * last) != signs:
        return Undecided(_why_no_order(signs), leaders)
    # Only the stretch between the last size of the old leader and the first of the new one can hold the crossing.
    start, end = max(i for i, s in enumerate(signs) if s == first), signs.index(last)
    found = _modelled(ordered, old, new, seed)
    if found is not None and found.low < pairs[end][0].rows and found.high > pairs[start][0].rows:
        return found
    low, middle, high = _between(ordered[start : end + 1], seed)
    return Crossover(middle, low, high, old.engine, new.engine)


def leads_of(
    left: Curve, right: Curve, *, floors: Mapping[str, float] | None = None, seed: int = SEED
) -> tuple[list[tuple[Point, Point]], list[int]]:
    """The points at the sizes that both curves have, and who leads there: -1 left, 1 right, 0 nobody."""
    known = floors or {}
    floor = math.log(max(known.get(engine, MINIMUM_FLOOR) for engine in (left.engine, right.engine)))
    others = {point.rows: point for point in right.points}
    pairs = [(point, others[point.rows]) for point in left.points if point.rows in others]
    return pairs, [_lead(a, b, floor, seed) for a, b in pairs]


def in_bytes(crossover: Crossover, curve: Curve) -> InBytes | None:
    """The crossing in bytes of the curve's store; None when the curve has no bytes.

    Bytes are read off between the measured sizes, on logarithmic scales; outside of these the bytes a row of the
    nearest size are taken.
    """
    known = [(p.rows, p.bytes) for p in curve.points if p.bytes]
    if not known:
        return None
    rows = np.log([r for r, _ in known])
    a_row = np.log([held / r for r, held in known])
    wanted = np.array([crossover.rows, crossover.low, crossover.high])
    return InBytes(*(wanted * np.exp(np.interp(np.log(wanted), rows, a_row))).tolist())


def _lead(left: Point, right: Point, floor: float, seed: int) -> int:
    one, other = summarise(left.seconds, seed=seed), summarise(right.seconds, seed=seed)
    sign = faster(one, other)
    if one is None or other is None or abs(math.log(other.median / one.median)) <= floor:
        return 0
    return sign


def _why_no_lead(pairs: list[tuple[Point, Point]]) -> str:
    if not pairs:
        return "no size was measured in both engines"
    if all(min(len(a.seconds), len(b.seconds)) < MINIMUM_SAMPLES for a, b in pairs):
        return f"fewer than {MINIMUM_SAMPLES} samples a size name no winner"
    return "no size shows a difference"


def _why_no_order(signs: list[int]) -> str:
    shown = [sign for sign in signs if sign]
    turns = sum(one != other for one, other in pairwise(shown))
    return "the lead changes more than once" if turns > 1 else "only some sizes show a difference"


def _measured(pairs: list[tuple[Point, Point]], side: int, engine: str) -> Measured:
    return Measured(engine, tuple(pair[side].rows for pair in pairs), tuple(pair[side].seconds for pair in pairs))


def _modelled(pairs: list[tuple[Point, Point]], old: Curve, new: Curve, seed: int) -> Crossover | None:
    if len(pairs) < MINIMUM_SIZES:
        return None
    found = modelled(_measured(pairs, 0, old.engine), _measured(pairs, 1, new.engine), seed)
    if found is None:
        return None
    return Crossover(found.rows, found.low, found.high, old.engine, new.engine, fits=found.fits)


def _beyond(pairs: list[tuple[Point, Point]], old: Curve, new: Curve, seed: int) -> Crossover | None:
    """The crossing above the largest size, if the curves as fitted meet there within a factor of eight."""
    largest = pairs[-1][0].rows
    if len(pairs) < MINIMUM_SIZES:
        return None
    found = modelled(_measured(pairs, 0, old.engine), _measured(pairs, 1, new.engine), seed)
    if found is None or not largest < found.rows <= largest * EXTRAPOLATION:
        return None
    low = max(found.low, float(largest))
    return Crossover(found.rows, low, found.high, old.engine, new.engine, extrapolated=True, fits=found.fits)


def _between(pairs: list[tuple[Point, Point]], seed: int) -> tuple[float, float, float]:
    """Rows at the crossing by lines between neighbours: lower bound, estimate, upper bound."""
    rows = np.log([a.rows for a, _ in pairs])
    measured = np.array([[np.log(np.median(a.seconds)) - np.log(np.median(b.seconds)) for a, b in pairs]])
    resampled: NDArray[np.float64] = np.column_stack([
        np.log(bootstrap_medians(a.seconds, seed=(seed, 2 * i)))
        - np.log(bootstrap_medians(b.seconds, seed=(seed, 2 * i + 1)))
        for i, (a, b) in enumerate(pairs)
    ])
    estimate = np.mean(first_and_last(rows, measured))
    earliest, latest = first_and_last(rows, resampled)
    low, high = np.quantile(earliest, 0.025), np.quantile(latest, 0.975)
    return float(np.exp(min(low, estimate))), float(np.exp(estimate)), float(np.exp(max(high, estimate)))
