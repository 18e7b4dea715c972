"""What a rule finds wrong, and how findings become sentences."""

from collections.abc import Iterable
from dataclasses import dataclass

from crossover.benchmark.results import LAYOUTS, Cell

# A cell with this in its error, and without any time, claims nothing: the state asked for cannot be made here.
NOT_AVAILABLE = "not available here"


@dataclass(frozen=True)
class Finding:
    """One thing wrong at one place. Findings of one `cause` become one sentence; `noun` is the plural of the places."""

    cause: str
    where: str
    what: str
    cure: str
    noun: str = "cells"


def place(cell: Cell) -> str:
    """The cell in words."""
    return f"{cell.case} on {cell.engine} at {cell.size_rows:,} rows ({_state(cell.layout, cell)})"


def pair_place(cell: Cell) -> str:
    """The comparison that the cell belongs to, in words."""
    return f"{cell.case} at {cell.size_rows:,} rows ({_state(side_of(cell), cell)})"


def _state(layout: str, cell: Cell) -> str:
    return f"{layout}, {cell.cache_state}, {cell.condition}"


def side_of(cell: Cell) -> str:
    """Which of the run's layouts the cell was measured in; the cell's own word when it belongs to none of them."""
    return next((name for name, words in LAYOUTS.items() if words.get(cell.engine) == cell.layout), cell.layout)


def claims(cell: Cell) -> bool:
    """Whether the cell says anything that could mislead."""
    return bool(cell.seconds) or NOT_AVAILABLE not in (cell.error or "")


def sentences(findings: Iterable[Finding]) -> tuple[str, ...]:
    """One sentence a cause, in the order of their first appearance: how often, an example, what to do."""
    by_cause: dict[str, list[Finding]] = {}
    for finding in findings:
        by_cause.setdefault(finding.cause, []).append(finding)
    return tuple(map(_sentence, by_cause.values()))


def _sentence(same: list[Finding]) -> str:
    first, places = same[0], len({finding.where for finding in same})
    where = f"{places} {first.noun}, first {first.where}" if places > 1 else first.where
    return f"{where}: {first.what}; cure: {first.cure}"
