"""Bars, cumulative shares, heat maps and small lines as SVG."""

import math

from markupsafe import Markup

from crossover.report import words
from crossover.report.draw.elements import (
    LETTER,
    WIDTH,
    Box,
    below,
    beside,
    drawing,
    element,
    marker,
    over,
    path,
    shortened,
    slot,
    text,
)
from crossover.report.shapes import Bar, BarChart, HeatMap, Share, ShareChart, SmallChart, Spot, Tile

BAR_ROW = 40.0
TILE = 30.0
# The ratio at which a tile has its full colour.
FULL_RATIO = 3.0


def bars_svg(chart: BarChart, key: str) -> Markup:
    """One bar a row, its name and value above it, its spread as a whisker."""
    box = Box(14, 30, WIDTH - 18, 30 + BAR_ROW * len(chart.bars))
    parts = over(chart.axis, box)
    for index, bar in enumerate(chart.bars):
        parts += _bar(chart, bar, box, box.top + BAR_ROW * index)
    told = "; ".join(f"{bar.label}: {bar.text}{' ' + bar.note if bar.note else ''}" for bar in chart.bars)
    return drawing(key, f"{chart.title} ({chart.unit})", told, box.bottom + 6, parts)


def _bar(chart: BarChart, bar: Bar, box: Box, top: float) -> list[Markup]:
    end, low, high = (chart.axis.place(value, box.left, box.right) for value in (bar.value, bar.low, bar.high))
    y = top + 25
    note = f", {bar.note}" if bar.note else ""
    room = WIDTH - box.left - (len(bar.text) + 1.5) * LETTER
    return [
        text(shortened(bar.label + note, room), box.left, top + 14, "row-name halo"),
        text(bar.text, WIDTH, top + 14, "row-value halo", "end"),
        element(
            "g",
            element("title", f"{bar.label}{note}: {bar.text}"),
            element("rect", class_="bar", x=box.left, y=y - 5, width=max(end - box.left, 1.5), height=10),
            element("line", class_="spread", x1=low, x2=high, y1=y, y2=y),
            class_=f"e{slot(bar.engine)}",
        ),
    ]


def shares_svg(chart: ShareChart, key: str) -> Markup:
    """One rising line a store; p50 and p99 as marks on it."""
    box = Box(52, 24, WIDTH - 12, 210)
    parts = below(chart.axis, box, f"{chart.unit} (log)")
    for share in (0.0, 0.5, 1.0):
        y = box.bottom - share * (box.bottom - box.top)
        parts.append(element("line", class_="grid", x1=box.left, x2=box.right, y1=y, y2=y))
        parts.append(text(f"{share:.0%}".replace("%", " %"), box.left - 7, y + 4, "tick", "end"))
    for share_line in chart.shares:
        parts += _share(chart, share_line, box)
    told = "; ".join(
        f"{s.label}: p50 {words.seconds(s.p50)}, p99 {words.seconds(s.p99)}, {len(s.values)} values"
        for s in chart.shares
    )
    return drawing(key, chart.title, told, 250, parts)


def _share(chart: ShareChart, share: Share, box: Box) -> list[Markup]:
    def place(value: float, part: float) -> tuple[float, float]:
        return chart.axis.place(value, box.left, box.right), box.bottom - part * (box.bottom - box.top)

    count, points = len(share.values), [place(share.values[0], 0.0)]
    for index, value in enumerate(share.values):
        points += [place(value, index / count), place(value, (index + 1) / count)]
    marks = []
    for value, part, name in ((share.p50, 0.5, "p50"), (share.p99, 0.99, "p99")):
        x, y = place(value, part)
        told = element("title", f"{share.label}: {name} {words.seconds(value)}")
        marks.append(element("g", told, marker(share.engine, x, y, 5)))
    line = element("polyline", class_="curve kept", points=path(points))
    x, y = place(share.p50, 0.5)
    # Beside the middle of the line, on the side where the drawing has room.
    room, anchor = (12, "start") if x < (box.left + box.right) / 2 else (-12, "end")
    name = text(share.label, x + room, y + 18, "end-name halo", anchor)
    return [element("g", line, *marks, name, class_=f"point kept e{slot(share.engine)}")]


def heat_svg(chart: HeatMap, key: str) -> Markup:
    """Tiles by how much longer (or shorter) the same question takes; the number stands in each."""
    left = 197.0
    width = (WIDTH - left) / max(len(chart.columns), 1)
    parts = []
    for column, name in enumerate(chart.columns):
        parts.append(text(name, left + (column + 0.5) * width, 16, "tick", "middle"))
    for row, (name, tiles) in enumerate(zip(chart.rows, chart.tiles, strict=True)):
        top = 26 + TILE * row
        parts.append(text(shortened(name, left - 8), 0.0, top + TILE / 2 + 4, "row-name"))
        parts += [_tile(tile, left + column * width, top, width) for column, tile in enumerate(tiles)]
    told = "; ".join(
        f"{name}: " + ", ".join(f"{c} {tile.text}" for c, tile in zip(chart.columns, tiles, strict=True))
        for name, tiles in zip(chart.rows, chart.tiles, strict=True)
    )
    return drawing(key, chart.title, told, 30 + TILE * len(chart.rows), parts)


def _tile(tile: Tile, x: float, y: float, width: float) -> Markup:
    depth = 0.0 if tile.ratio is None or tile.ratio <= 0 else math.log(tile.ratio) / math.log(FULL_RATIO)
    strength = f"{min(abs(depth), 1.0):.2f}"
    kind = "tile slower" if depth > 0 else "tile quicker"
    return element(
        "g",
        element("title", tile.told),
        element("rect", class_="plate", x=x + 1, y=y + 1, width=width - 2, height=TILE - 2),
        element("rect", class_=kind, x=x + 1, y=y + 1, width=width - 2, height=TILE - 2, fill_opacity=strength),
        text(tile.text, x + width / 2, y + TILE / 2 + 5, "tile-name", "middle"),
    )


def small_svg(chart: SmallChart, key: str) -> Markup:
    """One line with whiskers, as small as it can be read."""
    box = Box(58, 24, WIDTH - 20, 170)
    parts = [*beside(chart.vertical, box), *below(chart.horizontal, box, f"{chart.across} (log)")]
    parts.append(text("median time (log)", 4, 13, "axis-name"))
    line = path([_place(chart, spot, box) for spot in chart.spots])
    marks = [_spot(chart, spot, box) for spot in chart.spots]
    curve = element("polyline", class_="curve kept", points=line)
    parts.append(element("g", curve, *marks, class_=f"point kept e{slot(chart.engine)}"))
    told = "; ".join(f"{spot.at:,.0f} {chart.across}: {words.seconds(spot.value)}" for spot in chart.spots)
    return drawing(key, chart.title, told, 210, parts)


def _place(chart: SmallChart, spot: Spot, box: Box) -> tuple[float, float]:
    x = chart.horizontal.place(spot.at, box.left, box.right)
    return x, chart.vertical.place(spot.value, box.bottom, box.top)


def _spot(chart: SmallChart, spot: Spot, box: Box) -> Markup:
    x, y = _place(chart, spot, box)
    low, high = (chart.vertical.place(value, box.bottom, box.top) for value in (spot.low, spot.high))
    told = f"{spot.at:,.0f} {chart.across}: {words.seconds(spot.value)} ({words.interval(spot.low, spot.high)})"
    whisker = element("line", class_="whisker", x1=x, x2=x, y1=low, y2=high)
    return element("g", element("title", told), whisker, marker(chart.engine, x, y))
