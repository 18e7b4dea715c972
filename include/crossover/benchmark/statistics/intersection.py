"""Where two fitted curves meet, with an interval that covers the samples' scatter and the shifts of whole cells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from crossover.benchmark.statistics.curves import PARAMETERS, Fit, fit, refit
from crossover.benchmark.statistics.summary import bootstrap_medians
from crossover.benchmark.statistics.zeros import nearest

Floats = NDArray[np.float64]

# A crossing is looked for up to so many times beyond either end of what was measured.
EXTRAPOLATION = 8.0
_RESAMPLES = 1000
_GRID_POINTS = 64
# Whole cells of one engine shift against its curve by some percent from run to run (plans, files, memory): the scale of
# what is believed before the residuals are seen, and the shifts that are considered.
_USUAL_SHIFT = 0.02
_SHIFTS = np.linspace(0.0, 0.4, 201)


@dataclass(frozen=True)
class Measured:
    """One engine's times (seconds) at each size, by ascending rows."""

    engine: str
    rows: tuple[int, ...]
    seconds: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Meeting:
    """The size at which the second curve becomes the lower one, its 95 % interval, and both fits."""

    rows: float
    low: float
    high: float
    fits: tuple[Fit, Fit]


def modelled(old: Measured, new: Measured, seed: int, *, resamples: int = _RESAMPLES) -> Meeting | None:
    """Where `old` (the faster one of small sizes) is passed by `new`, both at the same four or more sizes.

    None when the fitted curves do not cross within eight times the range. The interval: the medians of each size are
    resampled, each cell is shifted by chance, both curves are fitted again, and the 2.5 % and 97.5 % quantiles of the
    crossings are taken; a resample without a crossing counts as one at the end of the range that it points to. How far
    cells are shifted is itself uncertain: see `_shifts`.
    """
    sides = (old, new)
    fits = tuple(fit(m.engine, m.rows, [float(np.median(s)) for s in m.seconds]) for m in sides)
    # The engine with the smaller name draws first, so that a swap of the sides changes nothing.
    places = np.argsort([m.engine for m in sides], kind="stable").argsort()
    logs = [_resampled(m, (seed, int(place)), resamples) for m, place in zip(sides, places, strict=True)]
    shifts = _shifts(fits, logs, np.random.default_rng((seed, 2)), resamples)
    ends = np.log(old.rows[0] / EXTRAPOLATION), np.log(old.rows[-1] * EXTRAPOLATION)
    grid = np.linspace(*ends, _GRID_POINTS)
    middle = float(np.log(old.rows[0] * old.rows[-1])) / 2
    curves = [np.log(one.predict(np.exp(grid)))[None, :] for one in fits]
    estimate = float(nearest(grid, curves[0] - curves[1], middle)[0])
    if estimate in ends:
        return None
    drawn = []
    for one, log, place in zip(fits, logs, places, strict=True):
        moved = np.random.default_rng((seed, 3, int(place))).standard_normal(log.shape) * shifts[:, None]
        drawn.append(refit(one, log + moved).log_seconds(grid))
    crossings = nearest(grid, drawn[0] - drawn[1], estimate)
    low, high = np.quantile(crossings, (0.025, 0.975))
    rows, low, high = np.exp([estimate, min(low, estimate), max(high, estimate)]).tolist()
    return Meeting(rows, low, high, (fits[0], fits[1]))


def _resampled(measured: Measured, seed: tuple[int, int], resamples: int) -> Floats:
    """Logarithms of resampled medians, shape (resamples, sizes).

    The bootstrap makes the variance of a median of few samples too large (Hall and Martin 1988, "Exact convergence
    rate of bootstrap quantile variance estimator"), by a factor of 1 + 0.7 / sqrt(n), as simulated for 5 to 60 normal
    samples. The deviations are shrunk by its root.
    """
    columns = []
    for size, times in enumerate(measured.seconds):
        drawn = np.log(bootstrap_medians(times, seed=(*seed, size), resamples=resamples))
        center = np.log(np.median(times))
        columns.append(center + (drawn - center) / np.sqrt(1 + 0.7 / np.sqrt(len(times))))
    return np.column_stack(columns)


def _shifts(fits: Sequence[Fit], logs: Sequence[Floats], rng: np.random.Generator, resamples: int) -> Floats:
    """Plausible standard deviations of a whole cell's shift (of ln t), one a resample.

    The residuals of both fits hold the samples' scatter, which is known from the resamples, and the shifts. Given a
    shift s, their sum of squares over (scatter^2 + s^2) is a chi-square with as many degrees of freedom as sizes are
    left after the fitted parameters. With the few sizes of a sweep that leaves s uncertain, and an interval from one
    best value would be too narrow: s is drawn from its posterior (prior: half-Cauchy with scale 2 %; Gelman 2006,
    "Prior distributions for variance parameters in hierarchical models").
    """
    scatter = float(np.mean([log.var(axis=0).mean() for log in logs]))
    squares = sum(float((np.log(one.residuals) ** 2).sum()) for one in fits)
    freedom = max(0, sum(len(one.rows) - PARAMETERS for one in fits))
    variance = scatter + _SHIFTS**2
    likelihood = -freedom / 2 * np.log(variance) - squares / (2 * variance)
    weight = np.exp(likelihood - likelihood.max()) / (1 + (_SHIFTS / _USUAL_SHIFT) ** 2)
    # Half of the first cell: the grid begins at nothing.
    weight[0] /= 2
    picked: Floats = np.interp(rng.random(resamples), np.cumsum(weight) / weight.sum(), _SHIFTS)
    return picked
