"""What every drawing is made of: escaped elements, the frame, the engines' markers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from crossover.report import words
from crossover.report.charts import Axis, Point

# The place of an engine in the palette is fixed, so that a colour means the same engine in every report.
PALETTE_ORDER = ("postgres", "spark", "duckdb", "datafusion")
# All drawings have this width in SVG units: shown on a phone, a letter is then as large as on a desk.
WIDTH = 400.0
# About the width of a letter of the drawings' text, in SVG units.
LETTER = 6.7


@dataclass(frozen=True)
class Box:
    """The plot area inside a drawing, in SVG units."""

    left: float
    top: float
    right: float
    bottom: float


def slot(engine: str) -> int:
    """The palette place of an engine; the lake is Spark's; unknown engines share the last one."""
    known = "spark" if engine == "lake" else engine
    return PALETTE_ORDER.index(known) if known in PALETTE_ORDER else len(PALETTE_ORDER)


def style(engine: str, layout: str) -> str:
    """CSS classes: colour by engine, filled and solid for kept layouts, hollow and dashed for raw ones."""
    return f"e{slot(engine)} {'raw' if layout in words.RAW_LAYOUTS else 'kept'}"


def element(name: str, *children: Markup | str, **attributes: object) -> Markup:
    """One SVG element; text and attribute values are escaped, `class_` becomes `class`, `text_anchor` a dashed name."""
    texts = (f"{value:.1f}" if isinstance(value, float) else str(value) for value in attributes.values())
    keys = (key.rstrip("_").replace("_", "-") for key in attributes)
    head = "".join(f' {key}="{escape(text)}"' for key, text in zip(keys, texts, strict=True))
    return Markup(f"<{name}{head}>") + Markup("").join(children) + Markup(f"</{name}>")  # noqa: S704


def text(words_: str, x: float, y: float, class_: str, anchor: str = "start") -> Markup:
    """A line of text."""
    return element("text", words_, class_=class_, x=x, y=y, text_anchor=anchor)


def drawing(key: str, title: str, told: str, height: float, parts: Iterable[Markup]) -> Markup:
    """The whole drawing. `key` makes the ids of title and description unique on the page."""
    return element(
        "svg",
        element("title", title, id=f"{key}-title"),
        element("desc", told, id=f"{key}-desc"),
        *parts,
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
        viewBox=f"0 0 {WIDTH:g} {height:g}",
        class_="chart",
    )


def path(points: Sequence[tuple[float, float]]) -> str:
    """The points of a polyline or polygon."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def below(axis: Axis, box: Box, name: str) -> list[Markup]:
    """Ticks and name of the axis under the plot area."""
    parts = []
    for value, label in axis.ticks:
        x = axis.place(value, box.left, box.right)
        parts.append(element("line", class_="axis", x1=x, x2=x, y1=box.bottom, y2=box.bottom + 4))
        parts.append(text(label, x, box.bottom + 18, "tick", "middle"))
    parts.append(element("line", class_="axis", x1=box.left, x2=box.right, y1=box.bottom, y2=box.bottom))
    parts.append(text(name, (box.left + box.right) / 2, box.bottom + 35, "axis-name", "middle"))
    return parts


def beside(axis: Axis, box: Box) -> list[Markup]:
    """Grid lines and labels of the upright axis."""
    parts = []
    for value, label in axis.ticks:
        y = axis.place(value, box.bottom, box.top)
        parts.append(element("line", class_="grid", x1=box.left, x2=box.right, y1=y, y2=y))
        parts.append(text(label, box.left - 7, y + 4, "tick", "end"))
    return parts


def over(axis: Axis, box: Box) -> list[Markup]:
    """Upright grid lines with their labels above the plot area."""
    parts = []
    for value, label in axis.ticks:
        x = axis.place(value, box.left, box.right)
        parts.append(element("line", class_="grid", x1=x, x2=x, y1=box.top - 6, y2=box.bottom))
        parts.append(text(label, x, box.top - 12, "tick", "middle"))
    return parts


def spread(point: Point) -> str:
    """`410 ms (392 to 440 ms)`."""
    return f"{words.seconds(point.median)} ({words.interval(point.low, point.high)})"


def marker(engine: str, x: float, y: float, radius: float = 3.8) -> Markup:
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
    return element("polygon", class_="marker", points=path(corners))


def shortened(label: str, width: float) -> str:
    """`label` cut so that it fits into `width` SVG units; the whole of it is in the description."""
    fits = max(int(width / LETTER), 4)
    return label if len(label) <= fits else label[: fits - 1].rstrip() + "…"


def spaced(places: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Ascending places pushed apart to at least `gap`, and back up where they would leave `bottom`."""
    moved: list[float] = []
    for place in places:
        moved.append(max(place, moved[-1] + gap if moved else top))
    limit = bottom
    for index in range(len(moved) - 1, -1, -1):
        moved[index] = min(moved[index], limit)
        limit = moved[index] - gap
    return moved
