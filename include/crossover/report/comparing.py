"""Two runs side by side as a table of text: what the board's page of a comparison shows."""

from dataclasses import dataclass

from crossover.benchmark.history import Against, Comparison, Row, compare_runs
from crossover.benchmark.results import Run
from crossover.benchmark.statistics.summary import Summary
from crossover.report import words
from crossover.report.pairs import Side


@dataclass(frozen=True)
class Line:
    """One cell in both runs. `shift`: slower or faster beyond noise and chance, else empty; then `why` says why not."""

    case: str
    side: str
    rows: str
    state: str
    left: str
    left_spread: str
    right: str
    right_spread: str
    ratio: str
    ratio_spread: str
    shift: str
    why: str


@dataclass(frozen=True)
class SideBySide:
    """`doubts`: why a run may name no winner; `facts`: (name, left, right) of what differs around the runs."""

    doubts: tuple[str, ...]
    facts: tuple[tuple[str, str, str], ...]
    lines: tuple[Line, ...]
    summary: str


def side_by_side(left: Run, right: Run, *, same_data: bool = True) -> SideBySide:
    """Each cell of `right` against the same cell of `left`; `same_data` false allows other records, and notes it."""
    found = compare_runs([left, right], same_data=same_data)
    lines = tuple(_line(row) for row in sorted(found.rows, key=_place))
    facts = tuple((fact.name, fact.values[0], fact.values[1]) for fact in found.facts)
    return SideBySide(tuple(doubt for doubt in found.doubts if doubt), facts, lines, _summary(found))


def _summary(found: Comparison) -> str:
    shifts = [row.against[0].shift for row in found.rows]
    compared = sum(row.against[0].ratio is not None for row in found.rows)
    if any(found.doubts):
        return f"{words.counted(compared, 'cell')} in both; no difference is called one."
    slower, faster = shifts.count("slower"), shifts.count("faster")
    return (
        f"{words.counted(compared, 'cell')} in both: {slower} slower and {faster} faster in the right run, beyond the "
        f"noise floors of both runs and chance; {compared - slower - faster} without a difference."
    )


def _place(row: Row) -> tuple[str, int, str, int, str, str]:
    case, engine, size, layout, cache_state, condition = row.key
    return case, words.engine_rank(engine), layout, size, cache_state, condition


def _line(row: Row) -> Line:
    case, engine, size, layout, cache_state, condition = row.key
    against = row.against[0]
    left, right = row.summaries
    ratio, spread = _ratio(against)
    why = "; ".join(part for part in (against.reason, against.note) if part)
    return Line(
        case,
        words.side_name(Side(engine, layout)),
        words.rows(size),
        "" if (cache_state, condition) == ("hot", "idle") else f"{cache_state}, {condition}",
        *_time(left),
        *_time(right),
        ratio,
        spread,
        against.shift,
        why,
    )


def _time(summary: Summary | None) -> tuple[str, str]:
    if summary is None:
        return "–", ""
    return words.seconds(summary.median), words.interval(summary.low, summary.high)


def _ratio(against: Against) -> tuple[str, str]:
    if against.ratio is None:
        return "–", ""
    low, high = against.low or against.ratio, against.high or against.ratio
    return words.ratio(against.ratio), f"{words.ratio(low)} to {words.ratio(high)}"
