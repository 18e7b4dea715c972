"""The figures of the write side as text for the task log."""

from collections.abc import Iterable, Sequence

import numpy as np

from crossover.benchmark.results import Figure

TITLES = {
    "write_rate": "PostgreSQL write ladder (rows/s: median, least, most)",
    "sustained_rate": "sustained rate, both stores (records/s)",
    "ack_seconds": "acknowledgement by offered rate",
    "freshness": "freshness: acknowledged to visible",
    "bytes_per_record": "bytes on disk a record",
    "cpu_seconds_per_million": "CPU seconds a million records",
}
_QUANTILES = {"ack_seconds", "freshness"}


def render(figures: Sequence[Figure]) -> list[str]:
    """One block a kind of figure, in the order of TITLES; other figures of the run are left out."""
    lines: list[str] = []
    for name, title in TITLES.items():
        mine = [figure for figure in figures if figure.name == name]
        if mine:
            lines += ["", title, *_rows(sorted(mine, key=_place))]
    return lines


def _place(figure: Figure) -> tuple[tuple[float, str], ...]:
    return tuple((float(text) if text.isdigit() else 0.0, text) for text in figure.dimensions.values())


def _rows(figures: Iterable[Figure]) -> list[str]:
    return [f"  {' '.join(figure.dimensions.values()):<28}{_words(figure)}" for figure in figures]


def _words(figure: Figure) -> str:
    values = figure.values
    if not values:
        return "none"
    if figure.name in _QUANTILES:
        half, most = np.quantile(values, (0.5, 0.99))
        return f"p50 {half:>9.4f} s   p99 {most:>9.4f} s   {len(values):,} samples"
    middle = float(np.median(values))
    spread = f"{min(values):>14,.1f}{max(values):>14,.1f}" if len(values) > 1 else ""
    return f"{middle:>14,.1f}{spread}"
