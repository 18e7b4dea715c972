"""What a handful of times allows to say: the median, the slow tail, and the intervals in which they may lie."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
SEED = 20_260_111
# Two engines that are equally fast give wholly separate ranges by chance in 2 of 20 draws of three samples each, and
# in 2 of 70 draws of four: with fewer than four samples a side no difference is called one.
MINIMUM_SAMPLES = 4
# From this many samples a side on, a comparison that is corrected for a whole run's family may name a winner.
MINIMUM_FOR_WINNER = 15
# Below these many samples the 95th and the 99th percentile are the maximum under another name.
MINIMUM_FOR_P95 = 20
MINIMUM_FOR_P99 = 100
_TAIL = 0.025


@dataclass(frozen=True)
class Summary:
    """Times of one cell, in seconds. `low` and `high` bound the median: a bootstrap 95 % interval.

    With fewer than six samples no interval of the median can reach 95 %: `confidence` is what the range of the samples
    gives at most (0.94 for five, 0.88 for four). `p95` needs 20 samples and `p99` 100. Their intervals need 72 and 368:
    with fewer, the true percentile lies above the slowest sample in more than 2.5 % of all cases, so no upper bound
    made of the samples can hold.
    """

    count: int
    median: float
    low: float
    high: float
    minimum: float
    maximum: float
    p95: float | None
    confidence: float
    p95_low: float | None = None
    p95_high: float | None = None
    p99: float | None = None
    p99_low: float | None = None
    p99_high: float | None = None


def bootstrap_quantiles(
    values: Sequence[float], share: float, *, seed: int | tuple[int, ...] = SEED, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """The quantile `share` (0 to 1, linear between neighbours) of draws with replacement; shape (resamples,).

    The same for the same seed.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    first, second, part = _ranks(ordered.size, share, seed, resamples)
    drawn: NDArray[np.float64] = ordered[first]
    return drawn + (ordered[second] - drawn) * part if part else drawn


@lru_cache(maxsize=128)
def _ranks(
    count: int, share: float, seed: int | tuple[int, ...], resamples: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], float]:
    """Which two of `count` ordered samples each draw's quantile lies between (from 0), and where between them.

    Nothing is really drawn with replacement: the place of a draw's k-th smallest value among n samples is
    ceil(n * U(k)), with U(k) the k-th smallest of n uniform numbers, which is Beta(k, n + 1 - k); the next above it is
    that plus (1 - U(k)) * Beta(1, n - k). Same distribution, two random numbers a draw for any n (David and Nagaraja,
    Order Statistics, 3rd edition, 2.3). Kept, because the many cells of a run have few different counts.
    """
    rng, place = np.random.default_rng(seed), (count - 1) * share
    below = math.floor(place)
    uniform = rng.beta(below + 1, count - below, resamples)
    first = np.minimum((count * uniform).astype(np.intp), count - 1)
    if place == below:
        return first, first, 0.0
    above = uniform + (1 - uniform) * rng.beta(1, count - below - 1, resamples)
    return first, np.minimum((count * above).astype(np.intp), count - 1), place - below


def bootstrap_medians(
    seconds: Sequence[float], *, seed: int | tuple[int, ...] = SEED, resamples: int = RESAMPLES
) -> NDArray[np.float64]:
    """Medians of `resamples` draws with replacement, shape (resamples,); the same for the same seed."""
    return bootstrap_quantiles(seconds, 0.5, seed=seed, resamples=resamples)


def summarise(seconds: Sequence[float], *, seed: int = SEED) -> Summary | None:
    """Summary of the measured times; None when there are none."""
    if not seconds:
        return None
    values = np.asarray(seconds, dtype=np.float64)
    low, high = np.quantile(bootstrap_medians(seconds, seed=seed), (_TAIL, 1 - _TAIL))
    p95 = _percentile(values, 0.95, MINIMUM_FOR_P95, seed)
    p99 = _percentile(values, 0.99, MINIMUM_FOR_P99, seed)
    return Summary(
        count=values.size,
        median=float(np.median(values)),
        low=float(low),
        high=float(high),
        minimum=float(values.min()),
        maximum=float(values.max()),
        p95=p95[0],
        confidence=min(0.95, 1 - 2.0 ** (1 - values.size)),
        p95_low=p95[1],
        p95_high=p95[2],
        p99=p99[0],
        p99_low=p99[1],
        p99_high=p99[2],
    )


def _percentile(
    values: NDArray[np.float64], share: float, minimum: int, seed: int
) -> tuple[float | None, float | None, float | None]:
    """The percentile and its bounds, each None when there are too few samples for it."""
    if values.size < minimum:
        return None, None, None
    found = float(np.quantile(values, share))
    if share**values.size > _TAIL:
        return found, None, None
    low, high = np.quantile(bootstrap_quantiles(values.tolist(), share, seed=seed), (_TAIL, 1 - _TAIL))
    return found, float(low), float(high)


def faster(left: Summary | None, right: Summary | None) -> int:
    """-1 if `left` is faster, 1 if `right` is, 0 if the samples cannot show a difference."""
    if left is None or right is None or min(left.count, right.count) < MINIMUM_SAMPLES:
        return 0
    if left.high < right.low:
        return -1
    return 1 if right.high < left.low else 0
