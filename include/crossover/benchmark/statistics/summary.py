"""What a handful of times allows to say: the median, and the interval in which it may lie."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
SEED = 20_260_111
# Two engines that are equally fast give wholly separate ranges by chance in 2 of 20 draws of three samples each, and
# in 2 of 70 draws of four: with fewer than four samples a side no difference is called one.
MINIMUM_SAMPLES = 4
# Below this many samples the 95th percentile is the maximum under another name.
MINIMUM_FOR_P95 = 20


@dataclass(frozen=True)
class Summary:
    """Times of one cell, in seconds. `low` and `high` bound the median: a bootstrap 95 % interval.

    With fewer than six samples no interval of the median can reach 95 %: `confidence` is what the range of the samples
    gives at most (0.94 for five, 0.88 for four).
    """

    count: int
    median: float
    low: float
    high: float
    minimum: float
    maximum: float
    p95: float | None
    confidence: float


def bootstrap_medians(seconds: Sequence[float], *, seed: int = SEED, resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """Medians of `resamples` draws with replacement, all in one array operation; the same for the same seed."""
    values = np.asarray(seconds, dtype=np.float64)
    picks = np.random.default_rng(seed).integers(0, values.size, (resamples, values.size))
    medians: NDArray[np.float64] = np.median(values[picks], axis=1)
    return medians


def summarise(seconds: Sequence[float], *, seed: int = SEED) -> Summary | None:
    """Summary of the measured times; None when there are none."""
    if not seconds:
        return None
    values = np.asarray(seconds, dtype=np.float64)
    low, high = np.quantile(bootstrap_medians(seconds, seed=seed), (0.025, 0.975))
    return Summary(
        count=values.size,
        median=float(np.median(values)),
        low=float(low),
        high=float(high),
        minimum=float(values.min()),
        maximum=float(values.max()),
        p95=float(np.quantile(values, 0.95)) if values.size >= MINIMUM_FOR_P95 else None,
        confidence=min(0.95, 1 - 2.0 ** (1 - values.size)),
    )


def faster(left: Summary | None, right: Summary | None) -> int:
    """-1 if `left` is faster, 1 if `right` is, 0 if the samples cannot show a difference."""
    if left is None or right is None or min(left.count, right.count) < MINIMUM_SAMPLES:
        return 0
    if left.high < right.low:
        return -1
    return 1 if right.high < left.low else 0
