"""Bars, cumulative shares, heat maps and small lines as PNG files: the same objects as the inline drawings."""

import math
import textwrap
from typing import TYPE_CHECKING

from crossover.report import words
from crossover.report.draw.elements import slot
from crossover.report.draw.shapes import FULL_RATIO
from crossover.report.plot_parts import COLOURS, INK, MARKERS, SOFT, plain, scale
from crossover.report.shapes import BarChart, HeatMap, ShareChart, SmallChart

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A title begins where the plot area does: beside long names it has less room.
TITLE_LETTERS = 48
SLOWER, QUICKER, PLATE = "#e8863a", "#5aa2d6", "#f4f5f3"

Shape = BarChart | ShareChart | HeatMap | SmallChart


def height(chart: Shape) -> float:
    """Inches that the chart needs."""
    match chart:
        case BarChart():
            return 0.36 * len(chart.bars) + 1.2
        case HeatMap():
            return 0.4 * len(chart.rows) + 1.2
        case _:
            return 4.2


def draw(axes: "Axes", chart: Shape) -> None:
    """Draw the chart on these axes."""
    axes.set_title(
        plain(textwrap.fill(chart.title, TITLE_LETTERS)), loc="left", fontsize=11, fontweight="bold", color=INK
    )
    match chart:
        case BarChart():
            _bars(axes, chart)
        case ShareChart():
            _shares(axes, chart)
        case HeatMap():
            _heat(axes, chart)
        case SmallChart():
            _small(axes, chart)


def _bars(axes: "Axes", chart: BarChart) -> None:
    scale(axes, "x", chart.axis)
    axes.grid(axis="x", color="#d9dcde", linewidth=0.8)
    axes.set_axisbelow(True)
    names = [plain(f"{bar.label}, {bar.note}" if bar.note else bar.label) for bar in chart.bars]
    axes.set_yticks(range(len(chart.bars)), names, fontsize=9)
    axes.set_ylim(len(chart.bars) - 0.5, -0.5)
    for y, bar in enumerate(chart.bars):
        axes.barh(y, bar.value, height=0.55, color=COLOURS[slot(bar.engine)], alpha=0.8)
        axes.plot([bar.low, bar.high], [y, y], color=INK, lw=1.4)
        axes.annotate(
            plain(bar.text), (1.02, y), xycoords=("axes fraction", "data"), fontsize=9, color=INK, va="center",
            annotation_clip=False,
        )  # fmt: skip


def _shares(axes: "Axes", chart: ShareChart) -> None:
    scale(axes, "x", chart.axis)
    axes.set_xlabel(f"{chart.unit} (log)", color=SOFT, fontsize=9)
    axes.set_yticks((0, 0.5, 1), ("0 %", "50 %", "100 %"), fontsize=9, color=SOFT)
    axes.grid(axis="y", color="#d9dcde", linewidth=0.8)
    for share in chart.shares:
        colour, count = COLOURS[slot(share.engine)], len(share.values)
        label = f"{share.label}: p50 {words.seconds(share.p50)}, p99 {words.seconds(share.p99)}"
        axes.step(share.values, [(n + 1) / count for n in range(count)], where="post", color=colour, label=plain(label))
        axes.plot([share.p50, share.p99], [0.5, 0.99], MARKERS[slot(share.engine)], color=colour, ms=7)
    axes.legend(fontsize=8.5, frameon=False)


def _heat(axes: "Axes", chart: HeatMap) -> None:
    axes.set_xlim(0, len(chart.columns))
    axes.set_ylim(len(chart.rows), 0)
    axes.set_xticks([n + 0.5 for n in range(len(chart.columns))], [plain(name) for name in chart.columns], fontsize=9)
    axes.set_yticks([n + 0.5 for n in range(len(chart.rows))], [plain(name) for name in chart.rows], fontsize=9)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row, tiles in enumerate(chart.tiles):
        for column, tile in enumerate(tiles):
            depth = 0.0 if tile.ratio is None or tile.ratio <= 0 else math.log(tile.ratio) / math.log(FULL_RATIO)
            place = (column, column + 1, column + 1, column), (row, row, row + 1, row + 1)
            axes.fill(*place, color=PLATE, ec="white", lw=2)
            colour = SLOWER if depth > 0 else QUICKER
            axes.fill(*place, fc=colour, alpha=min(abs(depth), 1.0), ec="white", lw=2)
            axes.text(column + 0.5, row + 0.5, tile.text, ha="center", va="center", fontsize=9, color=INK)


def _small(axes: "Axes", chart: SmallChart) -> None:
    scale(axes, "x", chart.horizontal)
    scale(axes, "y", chart.vertical)
    axes.set_xlabel(f"{chart.across} (log)", color=SOFT, fontsize=9)
    axes.set_ylabel("median time (log)", color=SOFT, fontsize=9)
    axes.grid(axis="y", color="#d9dcde", linewidth=0.8)
    spots = chart.spots
    spread = [[spot.value - spot.low for spot in spots], [spot.high - spot.value for spot in spots]]
    axes.errorbar(
        [spot.at for spot in spots], [spot.value for spot in spots], yerr=spread, color=COLOURS[slot(chart.engine)],
        marker=MARKERS[slot(chart.engine)], lw=1.5, ms=5.5, elinewidth=1.1,
    )  # fmt: skip
