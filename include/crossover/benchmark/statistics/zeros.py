"""Where rising curves, given by their values on a grid, pass through zero."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def first_and_last(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """First and last upward zero of each row of `y` over `x`; the nearer end of `x` for a row that has none."""
    zeros, crosses = _upward(x, y)
    none, end = ~crosses.any(axis=1), _end(x, y)
    first = np.take_along_axis(zeros, crosses.argmax(axis=1)[:, None], axis=1)[:, 0]
    backwards = crosses.shape[1] - 1 - crosses[:, ::-1].argmax(axis=1)
    last = np.take_along_axis(zeros, backwards[:, None], axis=1)[:, 0]
    return np.where(none, end, first), np.where(none, end, last)


def nearest(x: Floats, y: Floats, target: float) -> Floats:
    """The upward zero of each row of `y` that is nearest to `target`; the nearer end of `x` for a row without one."""
    zeros, crosses = _upward(x, y)
    best = np.where(crosses, np.abs(zeros - target), np.inf).argmin(axis=1)
    found = np.take_along_axis(zeros, best[:, None], axis=1)[:, 0]
    chosen: Floats = np.where(crosses.any(axis=1), found, _end(x, y))
    return chosen


def _upward(x: Floats, y: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    before, after = y[:, :-1], y[:, 1:]
    crosses = (before <= 0) & (after > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        zeros = x[:-1] - before * (x[1:] - x[:-1]) / (after - before)
    return zeros, crosses


def _end(x: Floats, y: Floats) -> Floats:
    ends: Floats = np.where(y[:, -1] > 0, x[0], x[-1])
    return ends
