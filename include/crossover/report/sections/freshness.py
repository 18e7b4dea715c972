"""How old the newest record is that a query sees: from acknowledged to visible, for each store."""

from collections.abc import Sequence

from crossover.benchmark.results import Figure, Run
from crossover.report import words
from crossover.report.sections.base import Panel, Section, file_name, named, words_of
from crossover.report.shapes import Share, ShareChart, log_axis, quantile

# Round times of a clock, so that the axis is read as people count: seconds, minutes.
TICKS = (0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0)
# Below this many values p99 is the maximum under another name.
ENOUGH_FOR_P99 = 100


def section(run: Run) -> Section | None:
    """None when no freshness was measured."""
    groups: dict[str, list[Figure]] = {}
    for figure in named(run, "freshness"):
        groups.setdefault(words_of(figure, ("store",)), []).append(figure)
    if not groups:
        return None
    panels = tuple(_panel(told, figures) for told, figures in groups.items())
    facts = tuple(_fact(share) for panel in panels for share in _shares(panel))
    return Section(
        key="freshness",
        title="Freshness",
        about="From the moment a record was acknowledged until a query sees it. Each line shows which share of the "
        "records was visible after so long; the marks are p50 and p99.",
        panels=panels,
        facts=facts,
    )


def _shares(panel: Panel) -> Sequence[Share]:
    return panel.chart.shares if isinstance(panel.chart, ShareChart) else ()


def _panel(told: str, figures: Sequence[Figure]) -> Panel:
    shares = tuple(_share(figure) for figure in figures)
    axis = log_axis([value for share in shares for value in share.values], words.tick_seconds, ticks=_ticks(shares))
    title = "From acknowledged to visible" + (f" ({told})" if told else "")
    return Panel(file_name("freshness", told), title, ShareChart(title, "seconds", shares, axis))


def _ticks(shares: Sequence[Share]) -> tuple[float, ...]:
    """Whole decades and minutes when at least two lie inside; else the axis chooses."""
    low, high = min(share.values[0] for share in shares), max(share.values[-1] for share in shares)
    inside = tuple(value for value in TICKS if low <= value <= high)
    return inside if len(inside) > 1 else ()


def _share(figure: Figure) -> Share:
    store = figure.dimensions.get("store", "")
    values = tuple(sorted(figure.values))
    return Share(words.store_name(store), store, values, quantile(values, 0.5), quantile(values, 0.99))


def _fact(share: Share) -> str:
    few = "" if len(share.values) >= ENOUGH_FOR_P99 else "; with so few values p99 is close to the largest of them"
    return (
        f"{share.label}: half of the records were visible after {words.seconds(share.p50)}, 99 % after "
        f"{words.seconds(share.p99)} ({words.counted(len(share.values), 'record')}{few})."
    )
