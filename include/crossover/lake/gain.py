"""What a compaction will gain and cost, predicted from what was measured, so that only what pays is rewritten.

A query pays for every file that it opens: t = base + per_file * files. A rewrite pays for the bytes that it reads and
writes, and something for each day however small. Both are learnt from the newest run of `crossover benchmark
compaction`; until there is one, the settings of the lake say them.
"""

import logging
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from crossover.connections import connect_postgres
from crossover.settings import Lake, Settings
from crossover.sql import sql

log = logging.getLogger(__name__)

MIB = 2**20
TARGET_FILE_BYTES = 128 * MIB
"""What sql/lake/rewrite_*.sql ask of Iceberg."""
RESAMPLES, SEED = 2000, 20_260_111


@dataclass(frozen=True)
class Line:
    """Seconds of one query: `base` + `per_file` * files. `low` and `high`: 95 % bootstrap interval of `per_file`."""

    base: float
    per_file: float
    low: float
    high: float


def fit_line(times: Mapping[int, Sequence[float]]) -> Line | None:
    """A robust line through the median times (seconds) by file count; None with fewer than two counts.

    The slope is the median of the slopes between each two counts, weighted by how far these are apart (Jaeckel 1972,
    Ann. Math. Statist. 43, 1449-1458: rank regression): one disturbed count does not turn it, and the noise of counts
    that lie close together has little weight. Intervals come from drawing each count's times anew.
    """
    counts = sorted(count for count, seconds in times.items() if seconds)
    if len(counts) < 2:
        return None
    files = np.asarray(counts, dtype=np.float64)
    rng = np.random.default_rng(SEED)
    drawn = [_medians(np.asarray(times[count], dtype=np.float64), rng) for count in counts]
    # Row 0: the medians themselves. Further rows: those of each draw.
    medians = np.column_stack([
        np.concatenate(([np.median(times[c])], row)) for c, row in zip(counts, drawn, strict=True)
    ])
    slopes = _slopes(files, medians)
    low, high = np.quantile(slopes[1:], (0.025, 0.975))
    base = float(np.median(medians[0] - slopes[0] * files))
    return Line(base, float(slopes[0]), float(low), float(high))


def _medians(seconds: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    picks = rng.integers(0, seconds.size, (RESAMPLES, seconds.size))
    medians: NDArray[np.float64] = np.median(seconds[picks], axis=1)
    return medians


def _slopes(files: NDArray[np.float64], medians: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted median slope of each row; files (counts,), medians (rows, counts)."""
    left, right = np.triu_indices(files.size, k=1)
    apart = files[right] - files[left]
    slopes = (medians[:, right] - medians[:, left]) / apart
    order = np.argsort(slopes, axis=1)
    weights = np.cumsum(apart[order], axis=1)
    middle = np.argmax(weights >= weights[:, -1:] / 2, axis=1)
    found: NDArray[np.float64] = np.take_along_axis(slopes, np.take_along_axis(order, middle[:, None], axis=1), axis=1)
    return found[:, 0]


@dataclass(frozen=True)
class Rates:
    """What a file costs a query, and what a rewrite costs; `source` says where that is known from."""

    per_file_seconds: float
    mib_per_second: float
    day_seconds: float
    source: str


@dataclass(frozen=True)
class Forecast:
    """One day's rewrite: files before and after, seconds that the coming queries save together, seconds it takes."""

    files_before: int
    files_after: int
    gain_seconds: float
    cost_seconds: float

    @property
    def pays(self) -> bool:
        """True if the gain exceeds the cost."""
        return self.gain_seconds > self.cost_seconds


@dataclass(frozen=True)
class Outlook:
    """How many queries are expected before the next compaction, and the rates to predict with."""

    queries: int
    rates: Rates

    def forecast(self, files: int, size_bytes: int) -> Forecast:
        """What rewriting a day of `files` files and so many bytes would bring.

        A query is taken to open all files of the day: one that is about other days gains nothing from it.
        """
        after = min(files, max(1, math.ceil(size_bytes / TARGET_FILE_BYTES)))
        gain = max(0.0, self.rates.per_file_seconds) * (files - after) * self.queries
        cost = self.rates.day_seconds + size_bytes / MIB / self.rates.mib_per_second
        return Forecast(files, after, gain, cost)

    def words(self, forecast: Forecast) -> str:
        """The forecast and whether it pays, for the log."""
        return (
            f"{forecast.files_before} -> {forecast.files_after} files, "
            f"predicted gain {forecast.gain_seconds:.2f} s over {self.queries:,} queries, "
            f"predicted cost {forecast.cost_seconds:.2f} s: {'it pays' if forecast.pays else 'it does not pay'}"
        )


@dataclass(frozen=True)
class Measured:
    """A figure of a benchmark run."""

    run_id: str
    name: str
    dimensions: dict[str, str] = field(hash=False)
    values: tuple[float, ...]


def rates_of(figures: Sequence[Measured], defaults: Lake) -> Rates:
    """Rates from the figures of one run; what they do not tell is taken from the settings.

    A query is taken to be any of the measured cases with the same probability. Of the rewrites, the one into the fewest
    files counts.
    """
    curves: defaultdict[str, dict[int, tuple[float, ...]]] = defaultdict(dict)
    for figure in figures:
        if figure.name == "compaction_curve":
            curves[figure.dimensions["case"]][int(figure.dimensions["files"])] = figure.values
    lines = [line for line in map(fit_line, curves.values()) if line is not None]
    per_file = float(np.mean([max(0.0, line.per_file) for line in lines])) if lines else defaults.query_file_seconds
    measured = _mib_per_second(figures)
    known = f"run {figures[0].run_id}" if lines else "the settings"
    return Rates(
        per_file_seconds=per_file,
        mib_per_second=measured or defaults.rewrite_mib_per_second,
        day_seconds=defaults.rewrite_day_seconds,
        source=f"{known} (seconds a file), {known if measured else 'the settings'} (MiB/s)",
    )


def _mib_per_second(figures: Sequence[Measured]) -> float | None:
    read = {tuple(sorted(f.dimensions.items())): f.values for f in figures if f.name == "compaction_read"}
    found = [
        (int(f.dimensions["files"]), float(np.median(read[key])) / MIB / float(np.median(f.values)))
        for f in figures
        if f.name == "compaction_cost" and (key := tuple(sorted(f.dimensions.items()))) in read
    ]
    return min(found)[1] if found else None


def measured_rates(settings: Settings) -> Rates:
    """The rates that the newest benchmark of compaction tells, else the settings'. Raises ServiceDown."""
    with connect_postgres(settings, application="compact") as connection:
        rows = connection.execute(sql("lake/measured_return.sql").encode()).fetchall()
    figures = [Measured(run_id, name, dimensions, tuple(values)) for run_id, name, dimensions, values in rows]
    return rates_of(figures, settings.lake)


def spans(chosen: Sequence[date], left: Sequence[date]) -> list[tuple[date, date]]:
    """The chosen days as spans (first day, day after the last) that hold no day that is left."""
    found: list[tuple[date, date]] = []
    for day in sorted(chosen):
        following = day + timedelta(days=1)
        if found and not any(found[-1][1] <= other < day for other in left):
            found[-1] = (found[-1][0], following)
        else:
            found.append((day, following))
    return found
