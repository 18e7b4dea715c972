"""The table of all cells: one row a question and size, one column an engine and layout."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossover.report import words
from crossover.report.findings import Comparison, Finding, is_void, void_reason
from crossover.report.pairs import Side, summary_of

# A cell of the table quotes this much of an error; the list below the table has all of it.
QUOTED_CHARACTERS = 90


@dataclass(frozen=True)
class Entry:
    """One cell of the table. `void`: red, with its reason as `text`; `best`: faster than the others of its pair."""

    text: str
    spread: str = ""
    void: bool = False
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One question at one size."""

    title: str
    rows: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class MedianTable:
    """Columns (raw layouts first) and rows."""

    sides: tuple[Side, ...]
    rows: tuple[Row, ...]


def median_table(findings: Sequence[Finding]) -> MedianTable:
    """All cells of the run with median and interval; a missing cell is an empty entry."""
    found = {(c.engine, c.layout) for f in findings for c in f.cells}
    sides = [Side(*key) for key in sorted(found, key=_place)]
    rows = [
        Row(finding.title, words.rows(size), tuple(_entry(finding, side, size) for side in sides))
        for finding in findings
        for size in sorted({cell.rows for cell in finding.cells})
    ]
    return MedianTable(tuple(sides), tuple(rows))


def _place(side: tuple[str, str]) -> tuple[int, int, tuple[str, str]]:
    engine, layout = side
    known = (words.RAW_LAYOUTS, words.KEPT_LAYOUTS)
    return next((n for n, group in enumerate(known) if layout in group), len(known)), words.engine_rank(engine), side


def _entry(finding: Finding, side: Side, size: int) -> Entry:
    cells = [c for c in finding.cells if (c.engine, c.layout, c.rows) == (side.engine, side.layout, size)]
    if not cells:
        return Entry("")
    cell = cells[0]
    if is_void(cell):
        reason = void_reason(cell)
        return Entry(reason if len(reason) <= QUOTED_CHARACTERS else reason[: QUOTED_CHARACTERS - 1] + "…", void=True)
    summary = summary_of(cell.seconds)
    if summary is None:
        return Entry("")
    spread = words.interval(summary.low, summary.high)
    return Entry(words.seconds(summary.median), spread, best=_leads(finding.comparisons, side, size))


def _leads(comparisons: Sequence[Comparison], side: Side, size: int) -> bool:
    mine = [c for c in comparisons if side in (c.left, c.right)]
    leads = [lead for c in mine for lead in c.leads if lead.rows == size]
    return bool(leads) and all(lead.faster == side.engine for lead in leads)
