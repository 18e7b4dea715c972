"""From a run's cells to what may be said: for each question, who is faster where, in one sentence a pair of layouts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crossover.benchmark.results import Cell, Run
from crossover.benchmark.statistics.crossing import Crossover, NoneInRange, Verdict
from crossover.benchmark.verdict import Judgement, judgement_of
from crossover.report import sentences, words
from crossover.report.charts import CaseChart, Lead, Line, Mark, Point, Strip, Void, rows_axis, seconds_at, seconds_axis
from crossover.report.models import fits_of
from crossover.report.pairs import Pair, Side, pairs_of, summary_of


@dataclass(frozen=True)
class Comparison:
    """Two sides over the sizes of one question. `kept`: both in the layout that an operator keeps.

    `verdict` is None when the run may name no winner. `scale` tells the crossing in bytes, empty without a crossing.
    """

    left: Side
    right: Side
    kept: bool
    verdict: Verdict | None
    leads: tuple[Lead, ...]
    sentence: str
    scale: str = ""

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
        """Fit for a file: the case, and the scenario when it is not hot and idle."""
        return re.sub(r"\W+", "_", f"{self.case} {self.scenario}".strip())


@dataclass(frozen=True)
class CaseText:
    """How a question is called, and why it is asked."""

    title: str
    why: str


def find(run: Run, texts: dict[str, CaseText], judgement: Judgement | None = None) -> tuple[Finding, ...]:
    """One finding a case, cache state and condition, in the run's order; hot and idle first."""
    judge = judgement or judgement_of(run)
    keys = list(dict.fromkeys((c.case, c.cache_state, c.condition) for c in run.cells))
    keys.sort(key=lambda key: key[1:] != ("hot", "idle"))
    memory = sentences.memory_bytes(run)
    return tuple(_finding(run, *key, texts.get(key[0], CaseText(key[0], "")), judge, memory) for key in keys)


def _finding(
    run: Run, case: str, cache_state: str, condition: str, text: CaseText, judge: Judgement, memory: float | None
) -> Finding:
    cells = tuple(c for c in run.cells if (c.case, c.cache_state, c.condition) == (case, cache_state, condition))
    scenario = "" if (cache_state, condition) == ("hot", "idle") else f"{cache_state}, {condition}"
    title = f"{text.title} ({scenario})" if scenario else text.title
    pairs = pairs_of({(c.engine, c.layout) for c in cells})
    comparisons = tuple(_compare(cells, pair, judge, memory) for pair in pairs)
    lines = _lines(cells)
    marks = tuple(m for c in comparisons if (m := _mark(c, lines)) is not None)
    rows = rows_axis((cell.rows for cell in cells), beyond=[m.rows for m in marks if m.extrapolated])
    chart = CaseChart(
        name=case,
        title=title,
        summary=" ".join(c.sentence for c in comparisons) or "Only one engine was measured: nothing is compared.",
        lines=lines,
        marks=marks,
        voids=tuple(Void(c.rows, c.engine, c.layout, void_reason(c)) for c in cells if is_void(c)),
        rows=rows,
        seconds=seconds_axis([p for line in lines for p in line.points], beyond=[m.seconds for m in marks]),
        fits=fits_of(cells, max((m.rows for m in marks if m.extrapolated), default=0.0)),
    )
    strips = tuple(
        Strip(f"{words.engine_name(c.right.engine)}, {c.right.layout}", c.sentence, c.leads, _mark(c, lines), rows)
        for c in comparisons
        if c.verdict is not None
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


def point_of(cell: Cell) -> Point | None:
    """The cell's median with interval; None for a void cell."""
    summary = None if is_void(cell) else summary_of(cell.seconds)
    return Point(cell.rows, summary.median, summary.low, summary.high) if summary else None


def _lines(cells: Sequence[Cell]) -> tuple[Line, ...]:
    points: dict[tuple[str, str], list[Point]] = {}
    for cell in sorted(cells, key=lambda c: (words.engine_rank(c.engine), c.engine, c.layout, c.rows)):
        if (point := point_of(cell)) is not None:
            points.setdefault((cell.engine, cell.layout), []).append(point)
    return tuple(Line(engine, layout, tuple(found)) for (engine, layout), found in points.items())


def _compare(cells: Sequence[Cell], pair: Pair, judge: Judgement, memory: float | None) -> Comparison:
    left, right = pair.left, pair.right
    curves = pair.curves(cells)
    by_side = {(c.engine, c.layout, c.size_rows): c for c in cells}
    sizes = sorted({c.size_rows for c in cells if (c.engine, c.layout) in {left.key, right.key}})
    at_sizes = [(by_side.get((*left.key, size)), by_side.get((*right.key, size))) for size in sizes]
    verdict = judge.verdict(curves, [(one, other) for one, other in at_sizes if one and other])
    leads = tuple(_lead(judge, size, pair, couple) for size, couple in zip(sizes, at_sizes, strict=True))
    said = sentences.sentence(verdict, left, right, leads, _medians(cells))
    scale = sentences.scale(verdict, pair, curves, memory)
    return Comparison(left, right, pair.kept, verdict, leads, said, scale)


def _lead(judge: Judgement, size: int, pair: Pair, cells: tuple[Cell | None, Cell | None]) -> Lead:
    measured = [c for c in cells if c is not None]
    rows = measured[0].rows if measured else size
    where = f"{words.rows(rows)} rows"
    a, b = cells
    if a is None or b is None:
        missing = pair.left if a is None else pair.right
        return Lead(rows, None, True, f"{where}: {words.side_name(missing)} was not measured.")
    wrong = [f"{words.engine_name(c.engine)}: {void_reason(c)}" for c in measured if not c.comparable]
    if wrong:
        return Lead(rows, None, True, f"{where}: void. {' '.join(wrong)}")
    found = judge.difference(a, b)
    told = ", ".join(f"{words.side_name(s)} {_short(c)}" for s, c in ((pair.left, a), (pair.right, b)))
    why = f" No winner: {found.reason}." if found and found.reason else ""
    return Lead(rows, found.faster if found else None, False, f"{where}: {told}.{why}")


def _short(cell: Cell) -> str:
    summary = summary_of(cell.seconds)
    return words.seconds(summary.median) if summary else "no time"


def _medians(cells: Sequence[Cell]) -> dict[tuple[str, str, int], float]:
    """Median seconds of each valid cell by engine, layout and rows."""
    return {(c.engine, c.layout, c.rows): p.median for c in cells if (p := point_of(c)) is not None}


def _mark(comparison: Comparison, lines: Sequence[Line]) -> Mark | None:
    """The crossing on the drawing; None unless one was found, or read off the model above the sizes."""
    found = comparison.verdict
    if isinstance(found, NoneInRange):
        found = found.beyond
    if not isinstance(found, Crossover):
        return None
    if found.fits is not None:
        seconds = float(found.fits[0].predict(found.rows))
    else:
        side = comparison.side(found.from_engine)
        seconds = seconds_at(next(line for line in lines if (line.engine, line.layout) == side.key), found.rows)
    return Mark(found.rows, found.low, found.high, seconds, comparison.kept, found.extrapolated)
