"""What compaction (lake) and indexes (PostgreSQL) change: each case before and after, at the largest size."""

from collections.abc import Sequence

from crossover.benchmark.results import Cell
from crossover.benchmark.verdict import Judgement
from crossover.report import words
from crossover.report.charts import Change, ChangeChart, seconds_axis
from crossover.report.findings import Finding, point_of


def change_charts(findings: Sequence[Finding], judge: Judgement) -> tuple[ChangeChart, ...]:
    """One chart an engine that was measured in a raw and in a kept layout, the lake's first."""
    sides = {(c.engine, c.layout) for f in findings for c in f.cells}
    plain = [finding for finding in findings if finding.scenario == findings[0].scenario]
    charts = [
        _chart(plain, engine, raw, kept, judge)
        for raw, kept in zip(reversed(words.RAW_LAYOUTS), reversed(words.KEPT_LAYOUTS), strict=True)
        for engine in sorted({engine for engine, layout in sides if layout == raw}, key=words.engine_rank)
    ]
    return tuple(chart for chart in charts if chart is not None)


def _chart(findings: Sequence[Finding], engine: str, raw: str, kept: str, judge: Judgement) -> ChangeChart | None:
    cells = {(f.title, c.layout, c.rows): c for f in findings for c in f.cells if c.engine == engine}
    both = {rows for _, layout, rows in cells if layout == raw} & {rows for _, layout, rows in cells if layout == kept}
    if not both:
        return None
    rows = max(both)
    pairs = [(f.title, cells.get((f.title, raw, rows)), cells.get((f.title, kept, rows))) for f in findings]
    changes = [change for title, before, after in pairs if (change := _change(title, before, after, judge)) is not None]
    if not changes:
        return None
    missing = tuple(sorted({f.title for f in findings} - {change.title for change in changes}))
    title = f"{words.engine_name(engine)} at {words.rows(rows)} rows: {raw} and {kept}"
    axis = seconds_axis([point for change in changes for point in (change.before, change.after)])
    size = _holding(cells[changes[0].title, raw, rows]), _holding(cells[changes[0].title, kept, rows])
    return ChangeChart(engine, raw, kept, title, f"{raw}: {size[0]}; {kept}: {size[1]}", tuple(changes), missing, axis)


def _holding(cell: Cell) -> str:
    files = "" if cell.files is None else words.counted(cell.files, "file") + ", "
    return files + words.size(cell.bytes)


def _change(title: str, before: Cell | None, after: Cell | None, judge: Judgement) -> Change | None:
    if before is None or after is None or not (before.comparable and after.comparable):
        return None
    first, last = point_of(before), point_of(after)
    if first is None or last is None:
        return None
    if not judge.stamp.valid:
        return Change(title, first, last, "", differs=False)
    sign = judge.sign(before, after)
    gain, loss = words.ratio(first.median / last.median), words.ratio(last.median / first.median)
    note = {0: "no difference shown", 1: f"{gain} times as fast", -1: f"takes {loss} times as long"}[sign]
    return Change(title, first, last, note, sign != 0)
