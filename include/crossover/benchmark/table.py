"""Results as text for the task log: one line a case, one column an engine and size."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from crossover.benchmark.results import LAYOUTS, Cell, Run
from crossover.benchmark.statistics.crossing import Crossover, NoneInRange, Verdict, curve_of
from crossover.benchmark.statistics.summary import Summary, summarise
from crossover.benchmark.verdict import Judgement, judgement_of


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
    """One case at one size, all engines, in a line. No winner: that takes the noise of the whole run."""
    told = ", ".join(f"{cell.engine} {_spread(cell)} ({len(cell.seconds)} samples)" for cell in cells)
    return f"{cells[0].case}: {told}"


def render(run: Run, layout: str) -> str:
    """The layout's table in each state of the stores that was measured, hot and idle first.

    Each is followed by one line a case on where the lead changes. An invalid run names no winner.
    """
    words = LAYOUTS[layout]
    mine = [cell for cell in run.cells if words.get(cell.engine) == cell.layout]
    if not mine:
        return f"layout {layout}: no cells"
    title = "layout " + ", ".join(f"{engine} {words[engine]}" for engine in _engines(mine, words))
    judgement = judgement_of(run)
    by_state: dict[tuple[str, str], list[Cell]] = {}
    for cell in sorted(mine, key=lambda cell: not cell.plain):
        by_state.setdefault((cell.cache_state, cell.condition), []).append(cell)
    parts = [
        f"{title}; {', '.join(state)}\n{_table(judgement, cells, _engines(cells, words))}"
        for state, cells in by_state.items()
    ]
    return "\n\n".join([*parts, *_doubts(judgement)])


def _engines(cells: Sequence[Cell], known: Iterable[str]) -> list[str]:
    """Those that have cells here, in the order of `known`."""
    here = {cell.engine for cell in cells}
    return [engine for engine in known if engine in here]


def _table(judgement: Judgement, cells: Sequence[Cell], engines: Sequence[str]) -> str:
    sizes = sorted({cell.size_rows for cell in cells})
    names = sorted({cell.case for cell in cells})
    winners = _winners(judgement, cells, engines)
    by_key = {(cell.case, cell.size_rows, cell.engine): cell for cell in cells}
    held = {cell.size_rows: cell.rows for cell in cells}
    gaps = [""] * len(engines)
    head = [["", *(text for size in sizes for text in (f"{held[size]:,} rows", *gaps))]]
    head += [["case", *(text for _ in sizes for text in (*engines, "faster"))]]
    body = [
        [name, *(text for size in sizes for text in _entry(by_key, name, size, engines, winners))] for name in names
    ]
    note = "median +- half of its 95 % interval; = means no difference beyond the engines' own noise; ! means void"
    return "\n".join([*_aligned(head + body), note, "", *_verdicts(judgement, cells, names, engines)])


def _doubts(judgement: Judgement) -> list[str]:
    if judgement.stamp.valid:
        floors = ", ".join(f"{engine} {100 * (floor - 1):.0f} %" for engine, floor in judgement.floors.items())
        return [f"noise floor: {floors}"]
    reasons = "\n".join(f"- {reason}" for reason in judgement.stamp.reasons)
    return [f"This run names no winner, because it is not valid:\n{reasons}"]


def _verdicts(judgement: Judgement, cells: Sequence[Cell], names: Sequence[str], engines: Sequence[str]) -> list[str]:
    layouts, state = {cell.engine: cell.layout for cell in cells}, (cells[0].cache_state, cells[0].condition)
    by_key = {(cell.case, cell.engine, cell.size_rows): cell for cell in cells}
    sizes, lines = {cell.size_rows for cell in cells}, list[str]()
    for name in names:
        for left, right in combinations(engines, 2):
            curves = (
                curve_of(cells, name, left, layouts[left], *state),
                curve_of(cells, name, right, layouts[right], *state),
            )
            couples = [(by_key.get((name, left, size)), by_key.get((name, right, size))) for size in sizes]
            found = judgement.verdict(curves, [(one, other) for one, other in couples if one and other])
            lines += [f"{name}: {verdict_text(found)}"] if found else []
    return lines


def _winners(judgement: Judgement, cells: Sequence[Cell], engines: Sequence[str]) -> dict[tuple[str, int], str]:
    """(case, size) -> the engine that is faster than each other one, beyond noise and chance."""
    by_place: dict[tuple[str, int], list[Cell]] = {}
    for cell in cells:
        by_place.setdefault((cell.case, cell.size_rows), []).append(cell)
    found = {}
    for place, there in by_place.items():
        differences = [judgement.difference(one, other) for one, other in combinations(there, 2)]
        wins = Counter(difference.faster for difference in differences if difference)
        for engine in engines:
            if wins[engine] == len(there) - 1 > 0:
                found[place] = engine
    return found


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


def _entry(
    by_key: dict[tuple[str, int, str], Cell],
    case: str,
    size: int,
    engines: Sequence[str],
    winners: dict[tuple[str, int], str],
) -> list[str]:
    cells = [by_key.get((case, size, engine)) for engine in engines]
    return [*(_spread(cell) if cell else "-" for cell in cells), winners.get((case, size), "=")]


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
