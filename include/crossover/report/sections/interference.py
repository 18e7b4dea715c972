"""What goes on beside a query, and what it costs: the median under each condition as a ratio to idle."""

from collections.abc import Sequence

from crossover.benchmark.results import Cell, Run
from crossover.report import words
from crossover.report.findings import Finding, point_of
from crossover.report.sections.base import Panel, Section, file_name
from crossover.report.shapes import HeatMap, Tile, tile_of

CONDITIONS = ("ingesting", "compacting", "both")
IDLE = "idle"


def section(run: Run, findings: Sequence[Finding]) -> Section | None:
    """None when everything was measured idle."""
    titles = {f.case: f.title.removesuffix(f" ({f.scenario})") for f in findings}
    groups: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in run.cells:
        groups.setdefault((cell.engine, cell.layout, cell.cache_state), []).append(cell)
    order = sorted(groups, key=lambda key: (key[1] in words.RAW_LAYOUTS, words.engine_rank(key[0]), key))
    panels = tuple(p for key in order if (p := _panel(*key, groups[key], titles)) is not None)
    if not panels:
        return None
    return Section(
        key="interference",
        title="While the stores are busy",
        about="Median under each condition divided by the median of the same question when idle: 1 means no effect, "
        "2 twice the time. Conditions: records are being ingested, the lake is being compacted, both at once. "
        "A dash: not measured, or void.",
        panels=panels,
    )


def _panel(engine: str, layout: str, cache_state: str, cells: Sequence[Cell], titles: dict[str, str]) -> Panel | None:
    busy = [c for c in cells if c.condition != IDLE]
    sizes = {c.size_rows for c in busy} & {c.size_rows for c in cells if c.condition == IDLE}
    if not sizes:
        return None
    size = max(sizes)
    found = {(c.case, c.condition): c for c in cells if c.size_rows == size}
    conditions = list(dict.fromkeys(c.condition for c in busy))
    conditions.sort(key=lambda name: (CONDITIONS.index(name) if name in CONDITIONS else len(CONDITIONS), name))
    cases = [case for case in titles if (case, IDLE) in found]
    tiles = tuple(
        tuple(_tile(found[case, IDLE], found.get((case, name)), name) for name in conditions) for case in cases
    )
    state = "" if cache_state == "hot" else f", {cache_state}"
    title = f"{words.engine_name(engine)} ({layout}{state}) at {words.rows(found[cases[0], IDLE].rows)} rows"
    chart = HeatMap(title, engine, tuple(titles[case] for case in cases), tuple(conditions), tiles)
    return Panel(file_name("busy", engine, layout, "" if cache_state == "hot" else cache_state), title, chart)


def _tile(idle: Cell, busy: Cell | None, condition: str) -> Tile:
    first, last = point_of(idle), point_of(busy) if busy else None
    if first is None or last is None or first.median <= 0:
        return tile_of(None, f"{condition}: not measured, or void")
    told = f"{condition}: {words.seconds(last.median)}, idle: {words.seconds(first.median)}"
    return tile_of(last.median / first.median, told)
