"""Charts as inline SVG. Colours come from the page's CSS variables, so light and dark mode share one drawing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from crossover.report import words
from crossover.report.charts import CaseChart, Change, ChangeChart, Line, Point, Strip

# The place of an engine in the palette is fixed, so that a colour means the same engine in every report.
PALETTE_ORDER = ("postgres", "spark", "duckdb", "datafusion")


@dataclass(frozen=True)
class Box:
    """The plot area inside a drawing, in SVG units."""

    left: float
    top: float
    right: float
    bottom: float


CASE_SIZE = (480, 290)
CASE_BOX = Box(54, 22, 400, 250)
STRIP_SIZE = (360, 52)
STRIP_BOX = Box(136, 0, 350, 52)
CHANGE_WIDTH = 720
CHANGE_ROW = 30


def slot(engine: str) -> int:
    """The palette place of an engine; unknown engines share the last one."""
    return PALETTE_ORDER.index(engine) if engine in PALETTE_ORDER else len(PALETTE_ORDER)


def style(engine: str, layout: str) -> str:
    """CSS classes: colour by engine, filled and solid for kept layouts, hollow and dashed for raw ones."""
    return f"e{slot(engine)} {'raw' if layout in words.RAW_LAYOUTS else 'kept'}"


def element(name: str, *children: Markup | str, **attributes: object) -> Markup:
    """One SVG element; text and attribute values are escaped, `class_` becomes `class`, `text_anchor` a dashed name."""
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    texts = (f"{value:.1f}" if isinstance(value, float) else str(value) for _, value in pairs)
    keys = (key.rstrip("_").replace("_", "-") for key in attributes)
    head = "".join(f' {key}="{escape(text)}"' for key, text in zip(keys, texts, strict=True))
    return Markup(f"<{name}{head}>") + Markup("").join(children) + Markup(f"</{name}>")  # noqa: S704


def case_svg(chart: CaseChart, key: str) -> Markup:
    """Seconds against rows on log-log scales. `key` makes the ids of title and description unique on the page."""
    width, height = CASE_SIZE
    parts = [*_case_frame(chart), *(_void(chart, index) for index in range(len(chart.voids)))]
    parts += [_band(chart, line) for line in chart.lines]
    for line in chart.lines:
        parts += [_curve(chart, line), *(_whisker(chart, line, point) for point in line.points)]
    parts += [_crossing(chart, index) for index in range(len(chart.marks))]
    parts += _end_labels(chart)
    return _drawing(key, chart.title, chart.summary, width, height, parts)


def _drawing(key: str, title: str, text: str, width: float, height: float, parts: Iterable[Markup]) -> Markup:
    return element(
        "svg",
        element("title", title, id=f"{key}-title"),
        element("desc", text, id=f"{key}-desc"),
        *parts,
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
        viewBox=f"0 0 {width} {height}",
        class_="chart",
    )


def _x(chart: CaseChart, rows: float) -> float:
    return chart.rows.place(rows, CASE_BOX.left, CASE_BOX.right)


def _y(chart: CaseChart, seconds: float) -> float:
    return chart.seconds.place(seconds, CASE_BOX.bottom, CASE_BOX.top)


def _case_frame(chart: CaseChart) -> list[Markup]:
    box, parts = CASE_BOX, []
    for value, label in chart.seconds.ticks:
        y = _y(chart, value)
        parts.append(element("line", class_="grid", x1=box.left, x2=box.right, y1=y, y2=y))
        parts.append(element("text", label, class_="tick", x=box.left - 7, y=y + 4, text_anchor="end"))
    for value, label in chart.rows.ticks:
        x = _x(chart, value)
        parts.append(element("line", class_="axis", x1=x, x2=x, y1=box.bottom, y2=box.bottom + 4))
        parts.append(element("text", label, class_="tick", x=x, y=box.bottom + 17, text_anchor="middle"))
    parts.append(element("line", class_="axis", x1=box.left, x2=box.right, y1=box.bottom, y2=box.bottom))
    middle = (box.left + box.right) / 2
    parts.append(element("text", "rows (log)", class_="axis-name", x=middle, y=box.bottom + 33, text_anchor="middle"))
    parts.append(element("text", "median time (log)", class_="axis-name", x=box.left - 46, y=12))
    return parts


def _band(chart: CaseChart, line: Line) -> Markup:
    upper = [(_x(chart, p.rows), _y(chart, p.high)) for p in line.points]
    lower = [(_x(chart, p.rows), _y(chart, p.low)) for p in reversed(line.points)]
    return element("polygon", class_=f"band {style(line.engine, line.layout)}", points=_path(upper + lower))


def _curve(chart: CaseChart, line: Line) -> Markup:
    points = _path([(_x(chart, p.rows), _y(chart, p.median)) for p in line.points])
    return element("polyline", class_=f"curve {style(line.engine, line.layout)}", points=points)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


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


def spread(point: Point) -> str:
    """`410 ms (392 to 440 ms)`."""
    return f"{words.seconds(point.median)} ({words.interval(point.low, point.high)})"


def marker(engine: str, x: float, y: float, radius: float = 3.6) -> Markup:
    """The engine's own shape, so that colour is never the only difference: circle, square, diamond, triangle."""
    match slot(engine):
        case 0:
            return element("circle", class_="marker", cx=x, cy=y, r=radius)
        case 1:
            side = radius * 1.8
            return element("rect", class_="marker", x=x - side / 2, y=y - side / 2, width=side, height=side)
        case 2:
            reach = radius * 1.3
            corners = [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)]
        case _:
            reach = radius * 1.2
            corners = [(x, y - reach), (x + reach, y + reach), (x - reach, y + reach)]
    return element("polygon", class_="marker", points=_path(corners))


def _crossing(chart: CaseChart, index: int) -> Markup:
    mark, box = chart.marks[index], CASE_BOX
    x, y = _x(chart, mark.rows), _y(chart, mark.seconds)
    low, high = _x(chart, mark.low), _x(chart, mark.high)
    label_y = box.bottom - 7 - 13 * index
    beside = {"x": x + 5, "text_anchor": "start"} if x < box.right - 70 else {"x": x - 5, "text_anchor": "end"}
    told = f"Crossover at {words.rows(mark.rows)} rows, interval {words.rows(mark.low)} to {words.rows(mark.high)} rows"
    return element(
        "g",
        element("title", told),
        element("rect", class_="range", x=low, y=box.top, width=max(high - low, 1.0), height=box.bottom - box.top),
        element("line", class_="drop", x1=x, x2=x, y1=y, y2=box.bottom),
        element("circle", class_="ring", cx=x, cy=y, r=7),
        element("text", words.rows(mark.rows), class_="mark-name", y=label_y, **beside),
        class_=f"crossing {'kept' if mark.kept else 'raw'}",
    )


def _void(chart: CaseChart, index: int) -> Markup:
    void = chart.voids[index]
    x = _x(chart, void.rows) + 11 * sum(other.rows == void.rows for other in chart.voids[:index])
    name = f"{words.engine_name(void.engine)}, {void.layout}, {words.rows(void.rows)} rows"
    return element(
        "g",
        element("title", f"{name}: void. {void.reason}"),
        element("text", "×", x=x, y=CASE_BOX.top + 4, text_anchor="middle"),
        class_="void-mark",
    )


def _end_labels(chart: CaseChart) -> list[Markup]:
    """Name each line at its right end; labels that would overlap are pushed apart."""
    ends = sorted((_y(chart, line.points[-1].median), index) for index, line in enumerate(chart.lines))
    parts, last = [], CASE_BOX.top - 14.0
    for y, index in ends:
        line, last = chart.lines[index], max(y, last + 14.0)
        x = _x(chart, line.points[-1].rows)
        parts.append(element("line", class_="leader", x1=x + 5, y1=y, x2=CASE_BOX.right + 2, y2=last))
        classes = f"end-name {style(line.engine, line.layout)}"
        parts.append(element("text", line.layout, class_=classes, x=CASE_BOX.right + 5, y=last + 4))
    return parts


def strip_svg(strips: Sequence[Strip], key: str, title: str) -> Markup:
    """Who is faster at each measured size, one row a pair of layouts; the crossing as an upright bar."""
    width = STRIP_SIZE[0]
    height = 26 * max(len(strips), 1)
    parts = [part for index, strip in enumerate(strips) for part in _strip(strip, 26 * index + 13.0)]
    told = " ".join(strip.sentence for strip in strips)
    return _drawing(key, title, told, width, height, parts)


def _strip(strip: Strip, y: float) -> list[Markup]:
    def place(rows: float) -> float:
        return strip.rows.place(rows, STRIP_BOX.left, STRIP_BOX.right)

    parts = [
        element("text", strip.label, class_="tick", x=STRIP_BOX.left - 8, y=y + 4, text_anchor="end"),
        element("line", class_="axis", x1=STRIP_BOX.left, x2=STRIP_BOX.right, y1=y, y2=y),
    ]
    for left, right in pairwise(strip.leads):
        if left.faster and left.faster == right.faster:
            classes = f"ahead e{slot(left.faster)}"
            parts.append(element("line", class_=classes, x1=place(left.rows), x2=place(right.rows), y1=y, y2=y))
    if strip.mark:
        low, high = place(strip.mark.low), place(strip.mark.high)
        parts.append(element("rect", class_="range", x=low, y=y - 9, width=max(high - low, 1.0), height=18))
        x = place(strip.mark.rows)
        parts.append(element("line", class_="cross-bar", x1=x, x2=x, y1=y - 10, y2=y + 10))
    parts += [_lead(lead.faster, lead.void, lead.text, place(lead.rows), y) for lead in strip.leads]
    return parts


def _lead(faster: str | None, void: bool, text: str, x: float, y: float) -> Markup:
    if void:
        shape = element("text", "×", class_="void-mark", x=x, y=y + 6, text_anchor="middle")
    elif faster:
        shape = element("g", marker(faster, x, y, 5), class_=f"point kept e{slot(faster)}")
    else:
        shape = element("circle", class_="undecided", cx=x, cy=y, r=4.5)
    return element("g", element("title", text), shape)


def change_svg(chart: ChangeChart, key: str) -> Markup:
    """Before and after as two markers joined by a line, one row a case."""
    box = Box(230, 30, CHANGE_WIDTH - 190, 30 + CHANGE_ROW * len(chart.changes))
    parts = []
    for value, label in chart.seconds.ticks:
        x = chart.seconds.place(value, box.left, box.right)
        parts.append(element("line", class_="grid", x1=x, x2=x, y1=box.top - 6, y2=box.bottom))
        parts.append(element("text", label, class_="tick", x=x, y=box.top - 12, text_anchor="middle"))
    for index, change in enumerate(chart.changes):
        parts += _change(chart, change, box, box.top + CHANGE_ROW * (index + 0.5))
    told = "; ".join(f"{c.title}: {spread(c.before)} to {spread(c.after)}" for c in chart.changes)
    return _drawing(key, chart.title, told, CHANGE_WIDTH, box.bottom + 8, parts)


def _change(chart: ChangeChart, change: Change, box: Box, y: float) -> list[Markup]:
    parts = [element("text", change.title, class_="row-name", x=box.left - 14, y=y + 4, text_anchor="end")]
    before, after = (chart.seconds.place(p.median, box.left, box.right) for p in (change.before, change.after))
    classes = f"shift e{slot(chart.engine)}{'' if change.differs else ' unsure'}"
    parts.append(element("line", class_=classes, x1=before, x2=after, y1=y, y2=y))
    for point, layout in ((change.before, chart.before_layout), (change.after, chart.after_layout)):
        low, high = (chart.seconds.place(v, box.left, box.right) for v in (point.low, point.high))
        x = chart.seconds.place(point.median, box.left, box.right)
        parts.append(
            element(
                "g",
                element("title", f"{change.title}, {layout}: {spread(point)}"),
                element("line", class_="whisker", x1=low, x2=high, y1=y, y2=y),
                marker(chart.engine, x, y, 4.6),
                class_=f"point {style(chart.engine, layout)}",
            )
        )
    parts.append(element("text", change.note, class_="row-note", x=box.right + 14, y=y + 4))
    return parts
