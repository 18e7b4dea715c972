"""The validity stamp: may this run name winners? Pure, from what is stored of the run and nothing else.

A run that could mislead is marked, with reasons that name what is wrong, where, and what to do. It is stored and shown
like any other, and names no winner.
"""

from collections.abc import Iterator, Sequence

from crossover.benchmark.results import Cell, Run, Stamp
from crossover.benchmark.validity.cell_rules import CELL_RULES, PASSING
from crossover.benchmark.validity.finding import Finding, claims, sentences, side_of
from crossover.benchmark.validity.pair_rules import PAIR_RULES
from crossover.benchmark.validity.run_rules import RUN_RULES


def cell_reasons(cell: Cell) -> tuple[str, ...]:
    """Why this cell could mislead, taken by itself; empty when nothing is wrong with it.

    A cell whose state cannot be made here says so, has no times, and misleads nobody.
    """
    return sentences(_of_cell(cell)) if claims(cell) else ()


def passing_reasons(cell: Cell) -> tuple[str, ...]:
    """What was wrong around the cell and may be gone at another try: load, stolen time, a clock that jumped."""
    return sentences(finding for finding in _of_cell(cell) if finding.cause in PASSING) if claims(cell) else ()


def stamp(run: Run) -> Stamp:
    """Judge the whole run: its cells, the engines of each comparison against each other, and the run itself."""
    cells = [cell for cell in run.cells if claims(cell)]
    found = [finding for rule in RUN_RULES for finding in rule(run)]
    found += [finding for pair in _pairs(cells) for rule in PAIR_RULES for finding in rule(pair)]
    found += [finding for cell in cells for finding in _of_cell(cell)]
    reasons = sentences(found)
    return Stamp(not reasons, reasons)


def _of_cell(cell: Cell) -> Iterator[Finding]:
    for rule in CELL_RULES:
        yield from rule(cell)


def _pairs(cells: Sequence[Cell]) -> list[list[Cell]]:
    """The cells that stand against each other: one case, size, layout of the run, and state."""
    pairs: dict[tuple[str, int, str, str, str], list[Cell]] = {}
    for cell in cells:
        key = (cell.case, cell.size_rows, side_of(cell), cell.cache_state, cell.condition)
        pairs.setdefault(key, []).append(cell)
    return [pair for pair in pairs.values() if len(pair) > 1]
