"""From a run's cells to what may be said: for each question, who is faster where, in one sentence a pair of layouts."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from crossover.benchmark.results import Cell, Run
from crossover.benchmark.statistics.crossing import Crossover, NoneInRange, Undecided, Verdict, curve_of, find_crossover
from crossover.benchmark.statistics.summary import Summary, faster, summarise
from crossover.report import words
from crossover.report.charts import CaseChart, Lead, Line, Mark, Point, Strip, Void, rows_axis, seconds_at, seconds_axis


@dataclass(frozen=True)
class Side:
    """One engine in one layout."""

    engine: str
    layout: str

    @property
    def name(self) -> str:
        """`PostgreSQL (indexed)`."""
        return f"{words.engine_name(self.engine)} ({self.layout})"


@dataclass(frozen=True)
class Comparison:
    """Two sides over the sizes of one question. `kept`: both in the layout that an operator keeps."""

    left: Side
    right: Side
    kept: bool
    verdict: Verdict
    leads: tuple[Lead, ...]
    sentence: str

    def side(self, engine: str) -> Side:
        """The side of this engine."""
        return self.left if self.left.engine == engine else self.right


@dataclass(frozen=True)
class Finding:
    """All that the run says about one case under one cache state and condition."""

    case: str
    scenario: str
    title: str
    why: str
    cells: tuple[Cell, ...]
    comparisons: tuple[Comparison, ...]
    strips: tuple[Strip, ...]
    chart: CaseChart

    @property
    def name(self) -> str:
        """Fit for a file: the case, and the scenario when it is not warm and idle."""
        return re.sub(r"\W+", "_", f"{self.case} {self.scenario}".strip())


@dataclass(frozen=True)
class CaseText:
    """How a question is called, and why it is asked."""

    title: str
    why: str


def find(run: Run, texts: dict[str, CaseText]) -> tuple[Finding, ...]:
    """One finding a case, cache state and condition, in the run's order."""
    keys = list(dict.fromkeys((c.case, c.cache_state, c.condition) for c in run.cells))
    return tuple(_finding(run, *key, texts.get(key[0], CaseText(key[0], ""))) for key in keys)


def _finding(run: Run, case: str, cache_state: str, condition: str, text: CaseText) -> Finding:
    cells = tuple(c for c in run.cells if (c.case, c.cache_state, c.condition) == (case, cache_state, condition))
    scenario = "" if (cache_state, condition) == ("hot", "idle") else f"{cache_state}, {condition}"
    title = f"{text.title} ({scenario})" if scenario else text.title
    comparisons = tuple(_compare(cells, left, right, kept) for left, right, kept in _pairs(cells))
    lines = _lines(cells)
    marks = tuple(m for c in comparisons if (m := _mark(c, lines)) is not None)
    rows = rows_axis(cell.rows for cell in cells)
    chart = CaseChart(
        name=case,
        title=title,
        summary=" ".join(c.sentence for c in comparisons) or "Only one engine was measured: nothing is compared.",
        lines=lines,
        marks=marks,
        voids=tuple(Void(c.rows, c.engine, c.layout, void_reason(c)) for c in cells if is_void(c)),
        rows=rows,
        seconds=seconds_axis([p for line in lines for p in line.points]),
    )
    strips = tuple(
        Strip(f"{c.left.layout} / {c.right.layout}", c.sentence, c.leads, _mark(c, lines), rows) for c in comparisons
    )
    return Finding(case, scenario, title, text.why, cells, comparisons, strips, chart)


def void_reason(cell: Cell) -> str:
    """Why the cell's times may not be compared, in one sentence."""
    failed = next((s.error for s in cell.samples if s.error), None)
    if cell.answers_agree is False:
        return "The engines gave different answers" + (f": {cell.error}" if cell.error else ".")
    if cell.error or failed:
        return cell.error or str(failed)
    if not cell.seconds:
        return "There is no measured execution."
    return "The answer was not compared with another engine's."


def is_void(cell: Cell) -> bool:
    """Whether something went wrong in the cell. One that only lacks a counterpart is shown, but never compared."""
    failed = cell.error is not None or any(sample.error for sample in cell.samples)
    return not cell.comparable and (failed or cell.answers_agree is False or not cell.seconds)


@lru_cache(maxsize=10_000)
def summary_of(seconds: tuple[float, ...]) -> Summary | None:
    """The benchmark's own summary; kept, because page and plots ask for the same cells many times."""
    return summarise(seconds)


def point_of(cell: Cell) -> Point | None:
    """The cell's median with interval; None for a void cell."""
    summary = None if is_void(cell) else summary_of(cell.seconds)
    return Point(cell.rows, summary.median, summary.low, summary.high) if summary else None


def _pairs(cells: Sequence[Cell]) -> list[tuple[Side, Side, bool]]:
    """Kept layouts against kept, raw against raw; the kept pair first."""
    sides = sorted({(c.engine, c.layout) for c in cells})
    pairs = []
    for layouts, kept in ((words.KEPT_LAYOUTS, True), (words.RAW_LAYOUTS, False)):
        group = [Side(engine, layout) for engine, layout in sides if layout in layouts]
        pairs += [(a, b, kept) for a, b in combinations(group, 2) if a.engine != b.engine]
    return pairs


def _lines(cells: Sequence[Cell]) -> tuple[Line, ...]:
    points: dict[tuple[str, str], list[Point]] = {}
    for cell in sorted(cells, key=lambda c: (c.engine, c.layout, c.rows)):
        if (point := point_of(cell)) is not None:
            points.setdefault((cell.engine, cell.layout), []).append(point)
    return tuple(Line(engine, layout, tuple(found)) for (engine, layout), found in points.items())


def _compare(cells: Sequence[Cell], left: Side, right: Side, kept: bool) -> Comparison:
    case = cells[0].case
    verdict = find_crossover(
        curve_of(cells, case, left.engine, left.layout), curve_of(cells, case, right.engine, right.layout)
    )
    by_side = {(c.engine, c.layout, c.size_rows): c for c in cells}
    sizes = sorted({c.size_rows for c in cells if (c.engine, c.layout) in {_key(left), _key(right)}})
    leads = tuple(
        _lead(size, left, right, by_side.get((*_key(left), size)), by_side.get((*_key(right), size))) for size in sizes
    )
    return Comparison(left, right, kept, verdict, leads, _sentence(verdict, left, right, leads, _medians(cells)))


def _key(side: Side) -> tuple[str, str]:
    return side.engine, side.layout


def _lead(size: int, left: Side, right: Side, a: Cell | None, b: Cell | None) -> Lead:
    measured = [c for c in (a, b) if c is not None]
    rows = measured[0].rows if measured else size
    where = f"{words.rows(rows)} rows"
    wrong = [f"{words.engine_name(c.engine)}: {void_reason(c)}" for c in measured if not c.comparable]
    if a is None or b is None:
        missing = (left if a is None else right).name
        return Lead(rows, None, True, f"{where}: {missing} was not measured.")
    if wrong:
        return Lead(rows, None, True, f"{where}: void. {' '.join(wrong)}")
    one, other = summary_of(a.seconds), summary_of(b.seconds)
    sign = faster(one, other)
    winner = {-1: left.engine, 0: None, 1: right.engine}[sign]
    told = f"{left.name} {_short(one)}, {right.name} {_short(other)}"
    return Lead(rows, winner, False, f"{where}: {told}.")


def _short(summary: Summary | None) -> str:
    return words.seconds(summary.median) if summary else "no time"


def _medians(cells: Sequence[Cell]) -> dict[tuple[str, str, int], float]:
    """Median seconds of each valid cell by engine, layout and rows."""
    return {(c.engine, c.layout, c.rows): p.median for c in cells if (p := point_of(c)) is not None}


def _sentence(
    verdict: Verdict,
    left: Side,
    right: Side,
    leads: Sequence[Lead],
    medians: dict[tuple[str, str, int], float],
) -> str:
    name = {left.engine: left.name, right.engine: right.name}
    valid = [lead.rows for lead in leads if not lead.void]
    over = words.span(valid)
    match verdict:
        case Crossover(rows, low, high, from_engine, to_engine):
            said = (
                f"{name[from_engine]} is faster up to {words.rows(rows)} rows [{words.rows(low)} to "
                f"{words.rows(high)}], {name[to_engine]} beyond; measured {over}."
            )
        case NoneInRange(winner):
            sides = (left, right) if winner == left.engine else (right, left)
            ratios = [medians[*_key(sides[1]), r] / medians[*_key(sides[0]), r] for r in valid]
            where = "at every size measured" if len(valid) > 1 else "at the only size measured"
            said = f"{sides[0].name} is faster than {sides[1].name} {where}, {over}: {_by(ratios)}."
        case Undecided(reason, _) if len(valid) == 0:
            said = f"{left.name} against {right.name}: no winner, because no size has valid times in both."
        case Undecided(reason, _):
            said = f"{left.name} against {right.name}: {_open(reason, leads)}; measured {over}."
    return said + _void_note(leads, bool(valid))


def _by(ratios: Sequence[float]) -> str:
    low, high = words.ratio(min(ratios)), words.ratio(max(ratios))
    return f"{low} times as fast" if low == high else f"{low} to {high} times as fast"


def _sizes(leads: Iterable[Lead]) -> str:
    return words.listed([words.rows(lead.rows) for lead in leads])


def _open(reason: str, leads: Sequence[Lead]) -> str:
    """What an undecided comparison still shows, size by size."""
    shown = [lead for lead in leads if lead.faster]
    if not shown:
        return "no difference that the data can show"
    parts = [
        f"{words.engine_name(engine)} is faster at {_sizes(lead for lead in shown if lead.faster == engine)}"
        for engine in dict.fromkeys(lead.faster for lead in shown)
        if engine is not None
    ]
    equal = _sizes(lead for lead in leads if not lead.faster and not lead.void)
    rest = f", no difference shows at {equal}" if equal else ""
    return f"undecided, {reason}: {'; '.join(parts)}{rest}"


def _void_note(leads: Sequence[Lead], some_valid: bool) -> str:
    void = _sizes(lead for lead in leads if lead.void)
    return f" Void at {void} rows." if void and some_valid else ""


def _mark(comparison: Comparison, lines: Sequence[Line]) -> Mark | None:
    """The crossing on the drawing; None unless one was found."""
    found = comparison.verdict
    if not isinstance(found, Crossover):
        return None
    side = comparison.side(found.from_engine)
    line = next(line for line in lines if (line.engine, line.layout) == _key(side))
    return Mark(found.rows, found.low, found.high, seconds_at(line, found.rows), comparison.kept)
