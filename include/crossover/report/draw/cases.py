"""Seconds against rows for one case, and who leads at each size."""

from collections.abc import Sequence
from itertools import pairwise
from math import log

from markupsafe import Markup

from crossover.report import words
from crossover.report.charts import CaseChart, Fitted, Line, Point, Strip
from crossover.report.draw.elements import (
    Box,
    below,
    beside,
    drawing,
    element,
    marker,
    path,
    shortened,
    slot,
    spaced,
    spread,
    style,
    text,
)

CASE_BOX = Box(52, 24, 312, 252)
# The residuals' strip: measured / model around the middle line, at least so far in either direction.
RESIDUAL_BOX = Box(52, 300, 312, 344)
LEAST_REACH = 1.05
STRIP_LEFT = 150.0
STRIP_RIGHT = 385.0
STRIP_ROW = 30.0


def case_svg(chart: CaseChart, key: str) -> Markup:
    """The curves with intervals, the model under them, the crossings; the model's residuals in a strip below."""
    parts = [*beside(chart.seconds, CASE_BOX), *below(chart.rows, CASE_BOX, "rows (log)")]
    parts.append(text("median time (log)", 4, 13, "axis-name"))
    parts += [_crossing_band(chart, index) for index in range(len(chart.marks))]
    parts += [_band(chart, line) for line in chart.lines]
    parts += [_model(chart, fit) for fit in chart.fits]
    for line in chart.lines:
        parts += [_curve(chart, line), *(_whisker(chart, line, point) for point in line.points)]
    parts += [_void(chart, index) for index in range(len(chart.voids))]
    parts += [_crossing(chart, index) for index in range(len(chart.marks))]
    parts += _end_labels(chart)
    parts += _residuals(chart)
    return drawing(key, chart.title, chart.summary, 366 if chart.fits else 292, parts)


def _x(chart: CaseChart, rows: float) -> float:
    return chart.rows.place(rows, CASE_BOX.left, CASE_BOX.right)


def _y(chart: CaseChart, seconds: float) -> float:
    return chart.seconds.place(seconds, CASE_BOX.bottom, CASE_BOX.top)


def _band(chart: CaseChart, line: Line) -> Markup:
    upper = [(_x(chart, p.rows), _y(chart, p.high)) for p in line.points]
    lower = [(_x(chart, p.rows), _y(chart, p.low)) for p in reversed(line.points)]
    return element("polygon", class_=f"band {style(line.engine, line.layout)}", points=path(upper + lower))


def _curve(chart: CaseChart, line: Line) -> Markup:
    points = path([(_x(chart, p.rows), _y(chart, p.median)) for p in line.points])
    return element("polyline", class_=f"curve {style(line.engine, line.layout)}", points=points)


def _model(chart: CaseChart, fit: Fitted) -> Markup:
    inside = [(rows, t) for rows, t in fit.curve if chart.seconds.low <= t <= chart.seconds.high]
    points = path([(_x(chart, rows), _y(chart, seconds)) for rows, seconds in inside])
    name = f"{words.engine_name(fit.engine)}, {fit.layout}: model {fit.words}"
    line = element("polyline", class_="model", points=points)
    return element("g", element("title", name), line, class_=style(fit.engine, fit.layout))


def _whisker(chart: CaseChart, line: Line, point: Point) -> Markup:
    x, low, high = _x(chart, point.rows), _y(chart, point.low), _y(chart, point.high)
    name = f"{words.engine_name(line.engine)}, {line.layout}, {words.rows(point.rows)} rows"
    return element(
        "g",
        element("title", f"{name}: {spread(point)}"),
        element("line", class_="whisker", x1=x, x2=x, y1=low, y2=high),
        marker(line.engine, x, _y(chart, point.median)),
        class_=f"point {style(line.engine, line.layout)}",
    )


def _crossing_band(chart: CaseChart, index: int) -> Markup:
    mark, box = chart.marks[index], CASE_BOX
    low, high = _x(chart, mark.low), _x(chart, mark.high)
    return element("rect", class_="range", x=low, y=box.top, width=max(high - low, 1.0), height=box.bottom - box.top)


def _crossing(chart: CaseChart, index: int) -> Markup:
    mark, box = chart.marks[index], CASE_BOX
    x, y = _x(chart, mark.rows), _y(chart, mark.seconds)
    named = [m for m in chart.marks if m.kept] or list(chart.marks)
    label_y = box.bottom - 7 - 15 * (named.index(mark) if mark in named else 0)
    place = (x + 5, "start") if x < box.right - 90 else (x - 5, "end")
    kind = "Crossover outside the measured sizes, read off the model," if mark.extrapolated else "Crossover"
    told = f"{kind} at {words.rows(mark.rows)} rows, interval {words.rows(mark.low)} to {words.rows(mark.high)} rows"
    name = words.rows(mark.rows) + (" (model)" if mark.extrapolated else "")
    label = [text(name, place[0], label_y, "mark-name", place[1])] if mark in named else []
    return element(
        "g",
        element("title", told),
        element("line", class_="drop", x1=x, x2=x, y1=y, y2=box.bottom),
        element("circle", class_="ring", cx=x, cy=y, r=7),
        *label,
        class_=f"crossing {'kept' if mark.kept else 'raw'}",
    )


def _void(chart: CaseChart, index: int) -> Markup:
    void = chart.voids[index]
    x = _x(chart, void.rows) + 11 * sum(other.rows == void.rows for other in chart.voids[:index])
    name = f"{words.engine_name(void.engine)}, {void.layout}, {words.rows(void.rows)} rows"
    return element(
        "g",
        element("title", f"{name}: void. {void.reason}"),
        text("×", x, CASE_BOX.top + 4, "", "middle"),
        class_="void-mark",
    )


def _end_labels(chart: CaseChart) -> list[Markup]:
    """Name each line at its right end; labels that would overlap are pushed apart."""
    ends = sorted((_y(chart, line.points[-1].median), index) for index, line in enumerate(chart.lines))
    places = spaced([y for y, _ in ends], 15.0, CASE_BOX.top, CASE_BOX.bottom + 2)
    parts = []
    for (y, index), place in zip(ends, places, strict=True):
        line = chart.lines[index]
        x = _x(chart, line.points[-1].rows)
        parts.append(element("line", class_="leader", x1=x + 5, y1=y, x2=CASE_BOX.right + 4, y2=place))
        classes = f"end-name {style(line.engine, line.layout)}"
        parts.append(text(shortened(line.layout, 84), CASE_BOX.right + 7, place + 4, classes))
    return parts


def _residuals(chart: CaseChart) -> list[Markup]:
    if not chart.fits:
        return []
    box = RESIDUAL_BOX
    centre = (box.top + box.bottom) / 2
    reach = max(LEAST_REACH, *(max(r, 1 / r) * 1.05 for fit in chart.fits for _, r in fit.residuals if r > 0))
    parts = [
        element("rect", class_="plate", x=box.left, y=box.top, width=box.right - box.left, height=box.bottom - box.top),
        element("line", class_="axis", x1=box.left, x2=box.right, y1=centre, y2=centre),
        text("measured / model", (box.left + box.right) / 2, box.bottom + 15, "axis-name", "middle"),
    ]
    upper, lower = (f"{sign}{words.significant(100 * abs(r - 1), 2)} %" for sign, r in (("+", reach), ("−", 1 / reach)))
    for label, y in ((upper, box.top + 10), ("fits", centre + 4), (lower, box.bottom - 2)):
        parts.append(text(label, box.left - 7, y, "tick small", "end"))
    half = (box.bottom - box.top) / 2
    for index, fit in enumerate(chart.fits):
        # Beside each other, so that six engines and layouts do not hide each other at one size.
        aside = 3.0 * (index - (len(chart.fits) - 1) / 2)
        for rows, ratio in fit.residuals:
            y = centre - half * log(max(ratio, 1e-9)) / log(reach)
            told = f"{words.engine_name(fit.engine)}, {fit.layout}, {words.rows(rows)} rows: {ratio:.2f} of the model"
            dot = marker(fit.engine, _x(chart, rows) + aside, y, 2.4)
            parts.append(element("g", element("title", told), dot, class_=f"point {style(fit.engine, fit.layout)}"))
    return parts


def strip_svg(strips: Sequence[Strip], key: str, title: str) -> Markup:
    """Who is faster at each measured size, one row a pair of layouts; the crossing as an upright bar."""
    parts = [part for index, strip in enumerate(strips) for part in _strip(strip, STRIP_ROW * (index + 0.5))]
    told = " ".join(strip.sentence for strip in strips)
    return drawing(key, title, told, STRIP_ROW * max(len(strips), 1), parts)


def _strip(strip: Strip, y: float) -> list[Markup]:
    def place(rows: float) -> float:
        return strip.rows.place(rows, STRIP_LEFT, STRIP_RIGHT)

    parts = [
        text(shortened(strip.label, STRIP_LEFT - 8), STRIP_LEFT - 8, y + 4, "tick", "end"),
        element("line", class_="axis", x1=STRIP_LEFT, x2=STRIP_RIGHT, y1=y, y2=y),
    ]
    for left, right in pairwise(strip.leads):
        if left.faster and left.faster == right.faster:
            classes = f"ahead e{slot(left.faster)}"
            parts.append(element("line", class_=classes, x1=place(left.rows), x2=place(right.rows), y1=y, y2=y))
    if strip.mark:
        low, high = place(strip.mark.low), place(strip.mark.high)
        parts.append(element("rect", class_="range", x=low, y=y - 10, width=max(high - low, 1.0), height=20))
        x = place(strip.mark.rows)
        parts.append(element("line", class_="cross-bar", x1=x, x2=x, y1=y - 11, y2=y + 11))
    parts += [_lead(lead.faster, lead.void, lead.text, place(lead.rows), y) for lead in strip.leads]
    return parts


def _lead(faster: str | None, void: bool, told: str, x: float, y: float) -> Markup:
    if void:
        shape = text("×", x, y + 6, "void-mark", "middle")
    elif faster:
        shape = element("g", marker(faster, x, y, 5), class_=f"point kept e{slot(faster)}")
    else:
        shape = element("circle", class_="undecided", cx=x, cy=y, r=4.5)
    return element("g", element("title", told), shape)
