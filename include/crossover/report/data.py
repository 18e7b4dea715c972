"""What a chart shows, as rows: the CSV and JSON that can be downloaded beside each drawing."""

import csv
import io
import json
from dataclasses import dataclass

from crossover.report.charts import CaseChart, ChangeChart
from crossover.report.sections.base import Chart
from crossover.report.shapes import BarChart, HeatMap, ShareChart, SmallChart

Value = str | float | int | bool | None
# A spreadsheet runs a cell that begins with one of these as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Rows:
    """A table of plain values."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def csv(self) -> str:
        """With a header; text that a spreadsheet would run is defused."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([plain(value) for value in row] for row in self.rows)
        return text.getvalue()

    def json(self, title: str) -> str:
        """The rows as objects under the chart's title."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return json.dumps({"title": title, "rows": rows}, indent=1, ensure_ascii=False) + "\n"


def plain(value: object) -> object:
    """The value, as text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value


def rows_of(chart: Chart) -> Rows:
    """Everything that the drawing shows."""
    match chart:
        case CaseChart():
            return _case(chart)
        case ChangeChart():
            return _change(chart)
        case BarChart():
            bars = ((b.label, b.note, b.engine, b.value, b.low, b.high, chart.unit) for b in chart.bars)
            return Rows(("label", "note", "engine", "value", "low", "high", "unit"), tuple(bars))
        case ShareChart():
            points = (
                (s.label, value, (n + 1) / len(s.values)) for s in chart.shares for n, value in enumerate(s.values)
            )
            return Rows(("store", chart.unit, "share_of_values_up_to_it"), tuple(points))
        case HeatMap():
            tiles = (
                (row, column, tile.ratio, tile.told)
                for row, tiles in zip(chart.rows, chart.tiles, strict=True)
                for column, tile in zip(chart.columns, tiles, strict=True)
            )
            return Rows(("case", "condition", "ratio_to_idle", "medians"), tuple(tiles))
        case SmallChart():
            spots = ((spot.at, spot.value, spot.low, spot.high) for spot in chart.spots)
            return Rows((chart.across, "median_seconds", "low_seconds", "high_seconds"), tuple(spots))


def _case(chart: CaseChart) -> Rows:
    columns = ("kind", "engine", "layout", "rows", "seconds", "low", "high", "measured_by_model", "text")
    measured_by_model = {(f.engine, f.layout, rows): ratio for f in chart.fits for rows, ratio in f.residuals}
    rows: list[tuple[Value, ...]] = [
        ("median", line.engine, line.layout, p.rows, p.median, p.low, p.high,
         measured_by_model.get((line.engine, line.layout, p.rows)), "")
        for line in chart.lines for p in line.points
    ]  # fmt: skip
    rows += [("model", f.engine, f.layout, None, None, None, None, None, f.words) for f in chart.fits]
    rows += [
        ("crossover", "", "kept" if m.kept else "raw", m.rows, m.seconds, m.low, m.high, None,
         "extrapolated" if m.extrapolated else "measured")
        for m in chart.marks
    ]  # fmt: skip
    rows += [("void", v.engine, v.layout, v.rows, None, None, None, None, v.reason) for v in chart.voids]
    return Rows(columns, tuple(rows))


def _change(chart: ChangeChart) -> Rows:
    columns = ("case", "engine", "layout", "rows", "median_seconds", "low_seconds", "high_seconds", "note")
    return Rows(
        columns,
        tuple(
            (change.title, chart.engine, layout, p.rows, p.median, p.low, p.high, change.note)
            for change in chart.changes
            for layout, p in ((chart.before_layout, change.before), (chart.after_layout, change.after))
        ),
    )
