"""The same charts as PNG files, for a task log, a ticket or a slide. Scales and texts come from charts.py."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crossover.report import plot_shapes, words
from crossover.report.charts import CaseChart, ChangeChart, Line, Point
from crossover.report.draw.elements import slot
from crossover.report.plot_parts import COLOURS, CROSSING, INK, MARKERS, SOFT, VOID, new_figure, plain, png, scale
from crossover.report.sections.base import Chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def chart_png(chart: Chart) -> bytes:
    """Any chart of the report."""
    match chart:
        case CaseChart():
            figure = new_figure(7.2, 5.4 if chart.fits else 4.6)
            _draw_case_and_residuals(figure, chart)
        case ChangeChart():
            figure = new_figure(8.5, 0.42 * len(chart.changes) + 1.6)
            _draw_changes(figure.add_subplot(), chart)
        case _:
            figure = new_figure(7.2, plot_shapes.height(chart))
            plot_shapes.draw(figure.add_subplot(), chart)
    return png(figure)


def overview_png(charts: Sequence[CaseChart], title: str) -> bytes:
    """All cases in a grid with one legend."""
    columns = min(3, max(len(charts), 1))
    lines = -(-max(len(charts), 1) // columns)
    figure = new_figure(5.0 * columns, 3.5 * lines + 0.6)
    for index, chart in enumerate(charts):
        _draw_case(figure.add_subplot(lines, columns, index + 1), chart, legend=False)
    figure.suptitle(plain(title), fontsize=13, color=INK, x=0.01, ha="left", wrap=True)
    handles = {label: handle for axes in figure.axes for label, handle in _handles(axes).items()}
    if handles:
        figure.legend([*handles.values()], [*handles], loc="outside lower center", ncols=5, frameon=False)
    return png(figure)


def _handles(axes: "Axes") -> dict[str, Any]:
    """What the legend explains, once a label."""
    handles, labels = axes.get_legend_handles_labels()
    return dict(zip(labels, handles, strict=True))


def _draw_case_and_residuals(figure: "Figure", chart: CaseChart) -> None:
    if not chart.fits:
        _draw_case(figure.add_subplot(), chart, legend=True)
        return
    upper, lower = figure.subplots(2, 1, height_ratios=(5, 1))
    _draw_case(upper, chart, legend=True)
    scale(lower, "x", chart.rows)
    lower.axhline(0, color=SOFT, linewidth=0.8)
    for fit in chart.fits:
        rows, ratios = zip(*fit.residuals, strict=True)
        raw, colour = fit.layout in words.RAW_LAYOUTS, COLOURS[slot(fit.engine)]
        percents = [100 * (ratio - 1) for ratio in ratios]
        lower.plot(rows, percents, MARKERS[slot(fit.engine)], ms=4, color=colour, mfc="white" if raw else colour)
    lower.set_ylabel("off the\nmodel, %", color=SOFT, fontsize=9)
    lower.margins(y=0.25)


def _draw_case(axes: "Axes", chart: CaseChart, *, legend: bool) -> None:
    axes.set_title(plain(chart.title), loc="left", fontsize=11, fontweight="bold", color=INK)
    scale(axes, "x", chart.rows)
    scale(axes, "y", chart.seconds)
    axes.set_xlabel("rows (log)", color=SOFT, fontsize=9)
    axes.set_ylabel("median time (log)", color=SOFT, fontsize=9)
    axes.grid(axis="y", color="#d9dcde", linewidth=0.8)
    for fit in chart.fits:
        inside = [(rows, seconds) for rows, seconds in fit.curve if chart.seconds.low <= seconds <= chart.seconds.high]
        if inside:
            axes.plot(*zip(*inside, strict=True), ":", color=COLOURS[slot(fit.engine)], lw=1)
    for line in chart.lines:
        _draw_line(axes, line)
    for mark in chart.marks:
        axes.axvspan(mark.low, mark.high, color=CROSSING, alpha=0.13, linewidth=0)
        ring = "-" if mark.kept else ":"
        axes.plot(mark.rows, mark.seconds, "o", ms=13, mfc="none", mec=CROSSING, mew=1.8, ls=ring)
        name = words.rows(mark.rows) + (" (model)" if mark.extrapolated else "")
        axes.annotate(
            name, (mark.rows, mark.seconds), (0, -20), textcoords="offset points", color=CROSSING,
            fontsize=9, fontweight="bold", ha="center",
        )  # fmt: skip
    for void in chart.voids:
        axes.plot(void.rows, chart.seconds.high, "X", ms=9, color=VOID, mec="white", clip_on=False, label="void cell")
    if legend and chart.lines:
        handles = _handles(axes)
        axes.legend([*handles.values()], [*handles], fontsize=8.5, frameon=False)


def _draw_line(axes: "Axes", line: Line) -> None:
    colour, raw = COLOURS[slot(line.engine)], line.layout in words.RAW_LAYOUTS
    rows = [point.rows for point in line.points]
    axes.fill_between(
        rows, [p.low for p in line.points], [p.high for p in line.points], color=colour, alpha=0.07 if raw else 0.14,
        linewidth=0,
    )  # fmt: skip
    axes.errorbar(
        rows, [p.median for p in line.points], yerr=_errors(line.points), color=colour,
        marker=MARKERS[slot(line.engine)], ls="--" if raw else "-", lw=1.5, ms=5.5, mfc="white" if raw else colour,
        elinewidth=1.1, label=plain(f"{words.engine_name(line.engine)}, {line.layout}"),
    )  # fmt: skip


def _errors(points: Sequence[Point]) -> list[list[float]]:
    """Distances below and above the medians, as matplotlib wants them."""
    return [[p.median - p.low for p in points], [p.high - p.median for p in points]]


def _draw_changes(axes: "Axes", chart: ChangeChart) -> None:
    colour, marker = COLOURS[slot(chart.engine)], MARKERS[slot(chart.engine)]
    axes.set_title(plain(f"{chart.title}\n{chart.held}"), loc="left", fontsize=10, color=INK)
    scale(axes, "x", chart.seconds)
    axes.grid(axis="x", color="#d9dcde", linewidth=0.8)
    axes.set_yticks(range(len(chart.changes)), [plain(change.title) for change in chart.changes], fontsize=9)
    axes.set_ylim(len(chart.changes) - 0.5, -0.5)
    for y, change in enumerate(chart.changes):
        ends = [change.before.median, change.after.median]
        axes.plot(
            ends, [y, y], color=colour, alpha=0.5, lw=3 if change.differs else 1, ls="-" if change.differs else ":"
        )
        for point, face in ((change.before, "white"), (change.after, colour)):
            axes.errorbar(
                [point.median],
                [y],
                xerr=_errors([point]),
                color=colour,
                marker=marker,
                ms=6.5,
                mfc=face,
                elinewidth=1.1,
            )
        axes.annotate(
            change.note, (1.02, y), xycoords=("axes fraction", "data"), fontsize=9, color=SOFT, va="center",
            annotation_clip=False,
        )  # fmt: skip
