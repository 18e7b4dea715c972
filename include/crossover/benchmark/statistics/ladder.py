"""Where to measure next, so that the crossing is known better soonest."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from crossover.benchmark.statistics.crossing import (
    Crossover,
    Curve,
    NoneInRange,
    Point,
    find_crossover,
    leads_of,
)
from crossover.benchmark.statistics.intersection import EXTRAPOLATION
from crossover.benchmark.statistics.summary import SEED

WANTED_RATIO = 1.5
# A size that ends within 15 % of a measured one tells nothing new.
_SAME = math.log(1.15)


def next_size(
    left: Curve,
    right: Curve,
    candidates: Sequence[int],
    wanted_ratio: float = WANTED_RATIO,
    *,
    floors: Mapping[str, float] | None = None,
    seed: int = SEED,
) -> int | None:
    """The candidate (rows) to measure next; None when nothing more is to be learnt from the candidates.

    Inside the interval of a crossing that is wider than `wanted_ratio` (high / low), or between the sizes that bracket
    it, the candidate nearest to the crossing; with fewer than four sizes also while these two are further apart than
    the square of that. Without a crossing: outwards, to where the trend of the two curves says
    that they meet, if that is at most eight times beyond the measured range. With fewer than two sizes: the ends first.
    """
    pairs, signs = leads_of(left, right, floors=floors, seed=seed)
    rows = [one.rows for one, _ in pairs]
    left_over = sorted(c for c in candidates if all(abs(math.log(c / r)) > _SAME for r in rows))
    if not left_over:
        return None
    if len(rows) < 2:
        return left_over[0] if not rows else max(left_over, key=lambda c: abs(math.log(c / rows[0])))
    verdict = find_crossover(left, right, floors=floors, seed=seed)
    if isinstance(verdict, Crossover):
        return _refined(verdict, rows, left_over, wanted_ratio)
    if isinstance(verdict, NoneInRange):
        return _outwards(pairs, verdict.beyond, left_over)
    if any(signs):
        return _unsettled(rows, signs, left_over)
    return None


def _refined(found: Crossover, rows: Sequence[int], left_over: Sequence[int], wanted_ratio: float) -> int | None:
    below = max((r for r in rows if r <= found.rows), default=rows[0])
    above = min((r for r in rows if r >= found.rows), default=rows[-1])
    # Without fitted curves the interval knows nothing of a bend between neighbours: these must be near each other too.
    if found.high / found.low < wanted_ratio and (found.fits or above / below < wanted_ratio**2):
        return None
    low, high = min(found.low, below), max(found.high, above)
    return _nearest([c for c in left_over if low <= c <= high], found.rows)


def _outwards(pairs: Sequence[tuple[Point, Point]], beyond: Crossover | None, left_over: Sequence[int]) -> int | None:
    """Past the place where the curves should meet, so that the lead has turned there; else as near to it as can be."""
    first, last = pairs[0][0].rows, pairs[-1][0].rows
    meeting = beyond.rows if beyond else _trend(pairs)
    if meeting is None or not first / EXTRAPOLATION <= meeting <= last * EXTRAPOLATION:
        return None
    if meeting > last:
        above = [c for c in left_over if c > last]
        return next((c for c in above if c >= meeting), max(above, default=None))
    below = [c for c in left_over if c < first]
    return next((c for c in reversed(below) if c <= meeting), min(below, default=None))


def _trend(pairs: Sequence[tuple[Point, Point]]) -> float | None:
    """Where a line through the log ratios of the two sizes at an end reaches zero; None where it leads away from it."""
    rows = np.log([one.rows for one, _ in pairs])
    ratios = np.log([np.median(one.seconds) / np.median(other.seconds) for one, other in pairs])
    for near, far in ((-1, -2), (0, 1)):
        slope = (ratios[near] - ratios[far]) / (rows[near] - rows[far])
        if slope and (rows[near] - rows[far]) * slope * ratios[near] < 0:
            return float(np.exp(min(rows[near] - ratios[near] / slope, 700.0)))
    return None


def _unsettled(rows: Sequence[int], signs: Sequence[int], left_over: Sequence[int]) -> int | None:
    """No lead at an end: the next size past it. A lead that turns and turns back: the widest gap of that stretch."""
    if signs[-1] == 0 and (above := [c for c in left_over if c > rows[-1]]):
        return above[0]
    if signs[0] == 0 and (below := [c for c in left_over if c < rows[0]]):
        return below[-1]
    between = [c for c in left_over if rows[0] < c < rows[-1]]
    return max(between, key=lambda c: min(abs(math.log(c / r)) for r in rows), default=None)


def _nearest(candidates: Sequence[int], wanted: float) -> int | None:
    return min(candidates, key=lambda c: abs(math.log(c / wanted)), default=None)
