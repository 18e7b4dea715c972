"""What a file more costs a query, and what it cost to have fewer."""

from collections.abc import Mapping, Sequence

from crossover.benchmark.results import Figure, Run
from crossover.report import words
from crossover.report.pairs import summary_of
from crossover.report.sections.base import Panel, Section, Table, file_name, named
from crossover.report.shapes import SmallChart, Spot, log_axis, middle


def section(run: Run, titles: Mapping[str, str]) -> Section | None:
    """None when no curve over file counts was measured; `titles` are the cases' names for people."""
    curves: dict[tuple[str, str], list[Figure]] = {}
    for figure in named(run, "compaction_curve"):
        if figure.dimensions.get("files", "").isdigit():
            key = (figure.dimensions.get("case", ""), figure.dimensions.get("engine", "spark"))
            curves.setdefault(key, []).append(figure)
    costs = named(run, "compaction_cost")
    if not curves and not costs:
        return None
    several = len({engine for _, engine in curves}) > 1
    panels = tuple(_panel(titles.get(case, case), case, e, found, several) for (case, e), found in curves.items())
    return Section(
        key="compaction",
        title="Query time against the number of files",
        about="The same records in more or fewer files: medians with their spread, both axes logarithmic.",
        panels=panels,
        table=_costs(costs) if costs else None,
    )


def _panel(title: str, case: str, engine: str, figures: Sequence[Figure], several: bool) -> Panel:
    spots = tuple(sorted((_spot(figure) for figure in figures), key=lambda spot: spot.at))
    counts = [spot.at for spot in spots]
    chart = SmallChart(
        f"{title} ({words.engine_name(engine)})" if several else title,
        "files",
        engine,
        spots,
        log_axis(counts, lambda value: f"{value:,.0f}", ticks=_thinned(counts)),
        log_axis([value for spot in spots for value in (spot.low, spot.value, spot.high)], words.tick_seconds),
    )
    return Panel(file_name("files", case, engine if several else ""), chart.title, chart)


def _thinned(counts: Sequence[float]) -> tuple[float, ...]:
    """File counts that are labelled: neighbours a factor of 1.8 apart, the largest always."""
    kept: list[float] = []
    for count in sorted(set(counts), reverse=True):
        if not kept or kept[-1] / count >= 1.8:
            kept.append(count)
    return tuple(reversed(kept))


def _spot(figure: Figure) -> Spot:
    summary = summary_of(figure.values)
    value = middle(figure.values)
    low, high = (summary.low, summary.high) if summary else (value, value)
    return Spot(float(figure.dimensions["files"]), value, low, high)


def _costs(figures: Sequence[Figure]) -> Table:
    rows = [
        (
            f"{int(figure.dimensions.get('files', '0')):,}" if figure.dimensions.get("files", "").isdigit() else "–",
            words.rows(float(figure.dimensions["rows"])) if figure.dimensions.get("rows", "").isdigit() else "–",
            words.seconds(middle(figure.values)),
            figure.note,
        )
        for figure in figures
    ]
    return Table(("files after", "rows", "the rewrite took", ""), tuple(rows), texts=0)
