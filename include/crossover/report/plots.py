"""The same charts as PNG files, for a task log, a ticket or a slide. Scales and texts come from charts.py."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from crossover.report import words
from crossover.report.charts import Axis, CaseChart, ChangeChart, Line, Point
from crossover.report.svg import slot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0067a5", "#b84a00", "#007a5a", "#a0407a", "#61666b")
MARKERS = ("o", "s", "D", "^", "^")
CROSSING = "#6b3fa0"
VOID = "#b3141d"
INK = "#1c1f23"
SOFT = "#5b6168"
DPI = 120


def case_png(chart: CaseChart) -> bytes:
    """One case: seconds against rows."""
    figure = _figure(7.2, 4.6)
    _draw_case(figure.add_subplot(), chart, legend=True)
    return _png(figure)


def overview_png(charts: Sequence[CaseChart], title: str) -> bytes:
    """All cases in a grid with one legend."""
    columns = min(3, max(len(charts), 1))
    lines = -(-max(len(charts), 1) // columns)
    figure = _figure(5.0 * columns, 3.5 * lines + 0.6)
    for index, chart in enumerate(charts):
        _draw_case(figure.add_subplot(lines, columns, index + 1), chart, legend=False)
    figure.suptitle(_plain(title), fontsize=13, color=INK, x=0.01, ha="left", wrap=True)
    handles = {label: handle for axes in figure.axes for label, handle in _handles(axes).items()}
    if handles:
        figure.legend([*handles.values()], [*handles], loc="outside lower center", ncols=5, frameon=False)
    return _png(figure)


def layouts_png(charts: Sequence[ChangeChart]) -> bytes:
    """Seconds before and after compaction and indexing, one panel an engine."""
    tallest = max((len(chart.changes) for chart in charts), default=1)
    figure = _figure(8.5 * max(len(charts), 1), 0.42 * tallest + 1.6)
    for index, chart in enumerate(charts):
        _draw_changes(figure.add_subplot(1, len(charts), index + 1), chart)
    if not charts:
        figure.text(0.5, 0.5, "No case was measured in two layouts.", ha="center", color=SOFT)
    return _png(figure)


def _figure(width: float, height: float) -> "Figure":
    """A figure (inches) without pyplot: no global state, no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: "Figure") -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DPI, metadata={"Software": None})
    return out.getvalue()


def _handles(axes: "Axes") -> dict[str, Any]:
    """What the legend explains, once a label."""
    handles, labels = axes.get_legend_handles_labels()
    return dict(zip(labels, handles, strict=True))


def _draw_case(axes: "Axes", chart: CaseChart, *, legend: bool) -> None:
    axes.set_title(_plain(chart.title), loc="left", fontsize=11, fontweight="bold", color=INK)
    _scale(axes, "x", chart.rows)
    _scale(axes, "y", chart.seconds)
    axes.set_xlabel("rows (log)", color=SOFT, fontsize=9)
    axes.set_ylabel("median time (log)", color=SOFT, fontsize=9)
    axes.grid(axis="y", color="#d9dcde", linewidth=0.8)
    for line in chart.lines:
        _draw_line(axes, line)
    for mark in chart.marks:
        axes.axvspan(mark.low, mark.high, color=CROSSING, alpha=0.13, linewidth=0)
        ring = "-" if mark.kept else ":"
        axes.plot(mark.rows, mark.seconds, "o", ms=13, mfc="none", mec=CROSSING, mew=1.8, ls=ring)
        axes.annotate(
            words.rows(mark.rows), (mark.rows, mark.seconds), (0, -20), textcoords="offset points", color=CROSSING,
            fontsize=9, fontweight="bold", ha="center",
        )  # fmt: skip
    for void in chart.voids:
        axes.plot(void.rows, chart.seconds.high, "X", ms=9, color=VOID, mec="white", clip_on=False, label="void cell")
    if legend and chart.lines:
        handles = _handles(axes)
        axes.legend([*handles.values()], [*handles], fontsize=8.5, frameon=False)


def _scale(axes: "Axes", direction: Literal["x", "y"], axis: Axis) -> None:
    """Take over limits and ticks; matplotlib's own minor ticks would print a second set of labels."""
    from matplotlib.ticker import NullLocator

    drawn = axes.xaxis if direction == "x" else axes.yaxis
    axes.set(**{f"{direction}scale": "log", f"{direction}lim": (axis.low, axis.high)})
    drawn.set_minor_locator(NullLocator())
    drawn.set_ticks([value for value, _ in axis.ticks], [label for _, label in axis.ticks])
    axes.tick_params(direction, labelsize=9, labelcolor=SOFT, color=SOFT)
    axes.spines[["top", "right"]].set_visible(False)


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
        elinewidth=1.1, label=_plain(f"{words.engine_name(line.engine)}, {line.layout}"),
    )  # fmt: skip


def _errors(points: Sequence[Point]) -> list[list[float]]:
    """Distances below and above the medians, as matplotlib wants them."""
    return [[p.median - p.low for p in points], [p.high - p.median for p in points]]


def _draw_changes(axes: "Axes", chart: ChangeChart) -> None:
    colour, marker = COLOURS[slot(chart.engine)], MARKERS[slot(chart.engine)]
    axes.set_title(_plain(f"{chart.title}\n{chart.held}"), loc="left", fontsize=10, color=INK)
    _scale(axes, "x", chart.seconds)
    axes.grid(axis="x", color="#d9dcde", linewidth=0.8)
    axes.set_yticks(range(len(chart.changes)), [_plain(change.title) for change in chart.changes], fontsize=9)
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


def _plain(text: str) -> str:
    """Text from the data must not be read as mathematics."""
    return text.replace("$", r"\$")
