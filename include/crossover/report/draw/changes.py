"""Before and after as two markers joined by a line, one row a case."""

from markupsafe import Markup

from crossover.report.charts import Change, ChangeChart
from crossover.report.draw.elements import (
    LETTER,
    WIDTH,
    Box,
    drawing,
    element,
    marker,
    over,
    shortened,
    slot,
    spread,
    style,
    text,
)

ROW = 42.0


def change_svg(chart: ChangeChart, key: str) -> Markup:
    """The name and what changed stand above each row's line, so that the line has the whole width."""
    box = Box(14, 30, WIDTH - 14, 30 + ROW * len(chart.changes))
    parts = over(chart.seconds, box)
    for index, change in enumerate(chart.changes):
        parts += _change(chart, change, box, box.top + ROW * index)
    told = "; ".join(f"{c.title}: {spread(c.before)} to {spread(c.after)}" for c in chart.changes)
    return drawing(key, chart.title, told, box.bottom + 6, parts)


def _change(chart: ChangeChart, change: Change, box: Box, top: float) -> list[Markup]:
    y = top + 28
    room = box.right - len(change.note) * LETTER - 12
    parts = [
        text(shortened(change.title, room), 0.0, top + 13, "row-name halo"),
        text(change.note, WIDTH, top + 13, "row-note halo", "end"),
    ]
    before, after = (chart.seconds.place(p.median, box.left, box.right) for p in (change.before, change.after))
    classes = f"shift e{slot(chart.engine)}{'' if change.differs else ' unsure'}"
    parts.append(element("line", class_=classes, x1=before, x2=after, y1=y, y2=y))
    for point, layout in ((change.before, chart.before_layout), (change.after, chart.after_layout)):
        low, high = (chart.seconds.place(v, box.left, box.right) for v in (point.low, point.high))
        parts.append(
            element(
                "g",
                element("title", f"{change.title}, {layout}: {spread(point)}"),
                element("line", class_="whisker", x1=low, x2=high, y1=y, y2=y),
                marker(chart.engine, chart.seconds.place(point.median, box.left, box.right), y, 4.6),
                class_=f"point {style(chart.engine, layout)}",
            )
        )
    return parts
