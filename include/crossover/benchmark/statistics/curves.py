"""An engine's time as a function of size: t(n) = a + b * n^c."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossover.errors import BadInput

PARAMETERS = 3
# One size more than parameters, so that there is a residual.
MINIMUM_SIZES = PARAMETERS + 1
LARGEST_POWER = 2.0
_FINE = np.linspace(0.0, LARGEST_POWER, 201)
_COARSE = np.linspace(0.0, LARGEST_POWER, 41)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """t(n) = a + b * n^c in seconds, n in rows; a >= 0, b > 0, 0 <= c <= 2.

    `residuals` are measured / predicted at each of `rows`; `worst` is the largest of them or of their inverses.
    """

    engine: str
    a: float
    b: float
    c: float
    residuals: tuple[float, ...]
    worst: float
    rows: tuple[int, ...]

    def predict(self, rows: ArrayLike) -> Floats:
        """Seconds at these sizes, in the shape given."""
        predicted: Floats = self.a + self.b * np.asarray(rows, dtype=np.float64) ** self.c
        return predicted


@dataclass(frozen=True)
class Refits:
    """Many fits of one engine to resampled times: a, b, c of shape (resamples,), for sizes relative to `scale` rows."""

    a: Floats
    b: Floats
    c: Floats
    scale: float

    def log_seconds(self, log_rows: Floats) -> Floats:
        """Logarithm of t of every fit at the logarithms of n; shape (resamples, sizes)."""
        relative = log_rows - np.log(self.scale)
        # In place: this is most of the work of an interval.
        values: Floats = self.c[:, None] * relative
        np.exp(values, out=values)
        values *= self.b[:, None]
        values += self.a[:, None]
        return np.log(values, out=values)


def fit(engine: str, rows: Sequence[int], seconds: Sequence[float]) -> Fit:
    """Fit the model to one time (a median, in seconds) a size, by least squares of the logarithms.

    For each power c on a grid the rest is linear: relative least squares with a, b >= 0. Twice the logarithm is then
    linearised at the last curve (Gauss and Newton), which makes it a fit of ln t.

    Raises:
        BadInput: fewer than four sizes, or times and sizes that do not match.
    """
    if len(rows) < MINIMUM_SIZES or len(rows) != len(seconds):
        raise BadInput(
            f"{len(rows)} sizes and {len(seconds)} times do not make a curve", cure=f"measure {MINIMUM_SIZES} sizes"
        )
    scale = float(np.exp(np.log(rows).mean()))
    relative, times = np.array(rows) / scale, np.log(np.asarray(seconds, dtype=np.float64))
    curve = np.exp(times)
    for _ in range(3):
        a, b, c = (values[0] for values in _solve(relative, curve, times[None, :], _FINE))
        curve = a + b * relative**c
    residuals = np.exp(times) / curve
    worst = float(np.exp(np.abs(np.log(residuals)).max()))
    return Fit(engine, float(a), float(b / scale**c), float(c), tuple(residuals.tolist()), worst, tuple(rows))


def refit(fitted: Fit, log_seconds: Floats) -> Refits:
    """Fit the model to each row of `log_seconds` (ln of times at `fitted.rows`), shape (resamples, sizes).

    The logarithm is linearised at the curve that is known, so that for a given power all rows share one set of normal
    equations: a thousand refits take some milliseconds.
    """
    scale = float(np.exp(np.log(fitted.rows).mean()))
    a, b, c = _solve(np.array(fitted.rows) / scale, fitted.predict(fitted.rows), log_seconds, _COARSE)
    return Refits(a, b, c, scale)


def _solve(relative: Floats, curve: Floats, log_seconds: Floats, powers: Floats) -> tuple[Floats, Floats, Floats]:
    """a, b, c of each row of `log_seconds`, near `curve` (both at the sizes `relative`)."""
    wanted = 1 + log_seconds - np.log(curve)
    flat, rising = 1 / curve, relative[None, :] ** powers[:, None] / curve
    flat2, both, rising2 = float(flat @ flat), rising @ flat, (rising * rising).sum(axis=1)
    on_flat, on_rising = (wanted @ flat)[:, None], wanted @ rising.T
    determinant = flat2 * rising2 - both**2
    # At c = 0 both terms are the same: b carries all.
    determinant[powers == 0] = np.inf
    a = (rising2 * on_flat - both * on_rising) / determinant
    b = (flat2 * on_rising - both * on_flat) / determinant
    alone = (a <= 0) | (powers == 0)
    a, b = np.where(alone, 0.0, a), np.where(alone, on_rising / rising2, b)
    loss = a**2 * flat2 + 2 * a * b * both + b**2 * rising2 - 2 * (a * on_flat + b * on_rising)
    # A falling curve is not in the model; the nearest one that is, a flat one, is the case c = 0.
    best = np.where(b > 0, loss, np.inf).argmin(axis=1)
    each = np.arange(len(best))
    return a[each, best], b[each, best], powers[best]
