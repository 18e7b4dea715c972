"""The model t = a + b * n^c that statistics fits to one engine's curve, as something to draw."""

from collections.abc import Sequence

import numpy as np

from crossover.benchmark.results import Cell
from crossover.benchmark.statistics.crossing import curve_of, fit_of
from crossover.benchmark.statistics.curves import MINIMUM_SIZES, Fit
from crossover.report import words
from crossover.report.charts import Fitted

_PLACES = 40


def fits_of(cells: Sequence[Cell], reach: float) -> tuple[Fitted, ...]:
    """One model a side with four valid sizes or more, drawn up to `reach` rows; `cells` are of one case and state."""
    sides = sorted({(c.engine, c.layout) for c in cells}, key=lambda side: (words.engine_rank(side[0]), side))
    found = []
    for engine, layout in sides:
        curve = curve_of(cells, cells[0].case, engine, layout, cells[0].cache_state, cells[0].condition)
        if len(curve.points) >= MINIMUM_SIZES:
            found.append(_drawn(fit_of(curve), layout, reach))
    return tuple(found)


def _drawn(fit: Fit, layout: str, reach: float) -> Fitted:
    rows = np.geomspace(fit.rows[0], max(fit.rows[-1], reach), _PLACES)
    curve = tuple(zip(rows.tolist(), fit.predict(rows).tolist(), strict=True))
    return Fitted(fit.engine, layout, model_words(fit), curve, tuple(zip(fit.rows, fit.residuals, strict=True)))


def model_words(fit: Fit) -> str:
    """`4.10 ms + 150 ms per million rows^0.98; medians within 3 % of it`, read at a million rows."""
    at_million = fit.b * 1e6**fit.c
    fixed = f"{words.seconds(fit.a)} + " if fit.a > 0 else ""
    return (
        f"{fixed}{words.seconds(at_million)} × (rows / 1 M)^{words.significant(fit.c, 3)}, "
        f"medians within {words.significant(100 * (fit.worst - 1), 2)} %"
    )
