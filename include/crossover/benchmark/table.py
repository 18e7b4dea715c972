"""Results as text for the task log: one line a case, one column an engine and size."""

from collections.abc import Sequence
from typing import Any

from crossover.benchmark.results import LAYOUTS, Cell
from crossover.benchmark.statistics.crossing import Crossover, NoneInRange, Verdict, curve_of, find_crossover
from crossover.benchmark.statistics.summary import Summary, faster, summarise


def duration(seconds: float) -> str:
    """Three significant digits: 0.85 ms, 12.3 ms, 1.23 s."""
    value, unit = (seconds * 1000, "ms") if seconds < 1 else (seconds, "s")
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:.{digits}f} {unit}"


def figures(cell: Cell) -> dict[str, Any]:
    """A cell's key, its times in seconds and what is wrong with it, flat."""
    summary = summarise(cell.seconds)
    return {
        "case": cell.case,
        "engine": cell.engine,
        "layout": cell.layout,
        "size_rows": cell.size_rows,
        "rows": cell.rows,
        "samples": summary.count if summary else 0,
        "median_seconds": summary and round(summary.median, 6),
        "low_seconds": summary and round(summary.low, 6),
        "high_seconds": summary and round(summary.high, 6),
        "answers_agree": cell.answers_agree,
        "error": cell.error,
    }


def sentence(cells: Sequence[Cell]) -> str:
    """One case at one size, all engines, in a line."""
    told = ", ".join(f"{cell.engine} {_spread(cell)}" for cell in cells)
    winner = leader(cells)
    return f"{cells[0].case}: {told}; {winner + ' is faster' if winner else 'no winner'}"


def leader(cells: Sequence[Cell]) -> str | None:
    """The faster of two engines at one size; None if the samples cannot show it or a cell is void."""
    if len(cells) != 2 or not all(cell.comparable for cell in cells):
        return None
    order = faster(_summary(cells[0]), _summary(cells[1]))
    return {-1: cells[0].engine, 0: None, 1: cells[1].engine}[order]


def render(cells: Sequence[Cell], layout: str) -> str:
    """The table of one layout, then one line a case on where the lead changes."""
    words = LAYOUTS[layout]
    mine = [cell for cell in cells if words.get(cell.engine) == cell.layout]
    sizes = sorted({cell.size_rows for cell in mine})
    names = sorted({cell.case for cell in mine})
    if not mine:
        return f"layout {layout}: no cells"
    by_key = {(cell.case, cell.size_rows, cell.engine): cell for cell in mine}
    held = {cell.size_rows: cell.rows for cell in mine}
    head = [["", *(text for size in sizes for text in (f"{held[size]:,} rows", "", ""))]]
    head += [["case", *(text for _ in sizes for text in (*words, "faster"))]]
    body = [[name, *(text for size in sizes for text in _entry(by_key, name, size, list(words)))] for name in names]
    verdicts = [f"{name}: {verdict_text(_verdict(mine, name, words))}" for name in names]
    title = "layout " + ", ".join(f"{engine} {word}" for engine, word in words.items())
    note = "median +- half of its 95 % interval; = means that the samples show no difference; ! means void"
    return "\n".join([title, *_aligned(head + body), note, "", *verdicts])


def verdict_text(verdict: Verdict) -> str:
    """Where the lead changes, in words."""
    if isinstance(verdict, Crossover):
        return (
            f"{verdict.from_engine} below {verdict.rows:,.0f} rows [{verdict.low:,.0f} to {verdict.high:,.0f}], "
            f"{verdict.to_engine} above"
        )
    if isinstance(verdict, NoneInRange):
        return f"{verdict.faster} at every size measured ({verdict.low_rows:,} to {verdict.high_rows:,} rows)"
    leads = ", ".join(f"{rows:,}: {engine or '='}" for rows, engine in verdict.leads)
    return f"undecided, {verdict.reason}" + (f" ({leads})" if leads else "")


def _verdict(cells: Sequence[Cell], case: str, words: dict[str, str]) -> Verdict:
    left, right = (curve_of(cells, case, engine, word) for engine, word in words.items())
    return find_crossover(left, right)


def _entry(by_key: dict[tuple[str, int, str], Cell], case: str, size: int, engines: list[str]) -> list[str]:
    cells = [by_key.get((case, size, engine)) for engine in engines]
    there = [cell for cell in cells if cell is not None]
    return [*(_spread(cell) if cell else "-" for cell in cells), leader(there) or "="]


def _spread(cell: Cell) -> str:
    summary = _summary(cell)
    if summary is None:
        return "error"
    half = (summary.high - summary.low) / 2 / summary.median if summary.median > 0 else 0.0
    return f"{duration(summary.median)} +-{half:.0%}{'' if cell.comparable else ' !'}"


def _summary(cell: Cell) -> Summary | None:
    return summarise(cell.seconds)


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(text.ljust(width) if column == 0 else text.rjust(width) for column, (text, width) in enumerate(pairs))
        .rstrip()
        for pairs in (list(zip(row, widths, strict=True)) for row in rows)
    ]  # fmt: skip
