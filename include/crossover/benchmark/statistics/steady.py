"""When the warm-up is over, and when a cell has been measured often enough."""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from statistics import median

from crossover.benchmark.statistics.summary import MINIMUM_FOR_WINNER

MAXIMUM_SAMPLES = 60
WANTED_HALFWIDTH = 0.05
# Medians that differ by less are the same for a warm-up: the rest of it is within what any engine's noise hides.
_TOLERANCE = math.log(1.03)
_SHORT, _LONG = 2, 3
# Sum of the signs of all pairs (Mann 1945) that 4 or 6 values without a trend reach by chance in 1 of 20 or less.
_DOWNWARD = {_SHORT: -6, _LONG: -11}
# Two engines are far apart when the gap between their intervals is so many times the wider interval, and a factor 2.
_FAR = 3.0


def warmed_up(seconds: Sequence[float]) -> bool:
    """Whether an engine has come to a steady state, judged by all its times so far, in their order.

    The last 2 executions (3 when there are 6 or more) are set against as many before them. Steady: their median is not
    better by more than their own range or 3 %, whichever is more, and the two windows together show no downward trend
    of more than 3 % (Mann's test). Fewer than four times are never steady; a slower last window is.
    """
    if len(seconds) < 2 * _SHORT:
        return False
    width = _LONG if len(seconds) >= 2 * _LONG else _SHORT
    logs = [math.log(value) for value in seconds[-2 * width :]]
    before, last = logs[:width], logs[width:]
    if median(before) - median(last) > max(_TOLERANCE, max(last) - min(last)):
        return False
    trend = sum((later > sooner) - (later < sooner) for sooner, later in combinations(logs, 2))
    return trend > _DOWNWARD[width] or logs[0] - logs[-1] <= _TOLERANCE


def enough(
    seconds: Mapping[str, Sequence[float]],
    *,
    minimum: int = MINIMUM_FOR_WINNER,
    maximum: int = MAXIMUM_SAMPLES,
    wanted_relative_halfwidth: float = WANTED_HALFWIDTH,
) -> bool:
    """Whether measuring may stop, given each engine's measured times so far (warm-ups left out).

    Never before every engine has `minimum` samples, always when one has `maximum`. Between these: when the 95 %
    interval of each engine's median is within +- `wanted_relative_halfwidth` (0.05 = 5 %), or when the engines differ
    so much that narrower intervals change nothing. An engine that is not asked any more is left out by the caller.
    """
    counts = [len(times) for times in seconds.values()]
    if not counts or max(counts) >= maximum:
        return True
    if min(counts) < max(minimum, 1):
        return False
    intervals = [median_interval(times) for times in seconds.values()]
    if all(math.log(high / low) / 2 <= math.log1p(wanted_relative_halfwidth) for low, high in intervals):
        return True
    return len(intervals) > 1 and all(_far_apart(one, other) for one, other in combinations(intervals, 2))


def median_interval(seconds: Sequence[float]) -> tuple[float, float]:
    """Bounds of the median by order statistics, at least 95 % for any distribution; the range below six samples."""
    ordered = sorted(seconds)
    rank = _rank(len(ordered))
    return ordered[rank], ordered[-1 - rank]


@lru_cache(maxsize=1024)
def _rank(count: int) -> int:
    """How many samples are left off at each end: the most with P(Binomial(count, 1/2) <= that) <= 2.5 %, or none."""
    rank, below = 0, 1 + count
    while below / 2**count <= 0.025:
        rank += 1
        below += math.comb(count, rank + 1)
    return rank


def _far_apart(one: tuple[float, float], other: tuple[float, float]) -> bool:
    gap = math.log(max(one[0], other[0]) / min(one[1], other[1]))
    wider = max(math.log(high / low) for low, high in (one, other))
    return gap > max(math.log(2), _FAR * wider)
