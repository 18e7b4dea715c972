"""What can be wrong between the engines of one comparison: one case, size, layout of the run, and state."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from crossover.benchmark.results import Cell
from crossover.benchmark.validity.finding import Finding, pair_place

# In a hot cell the measured loop does hardly anything but ask: when most of its time is in no sample, what the user
# waited for was not timed. Short cells are left out, in which a hiccup of the loop weighs as much as the questions.
LEAST_TIMED_SHARE = 0.5
LEAST_SECONDS_TO_JUDGE = 5.0

Pair = Sequence[Cell]
Rule = Callable[[Pair], Iterator[Finding]]


def _found(pair: Pair, cause: str, what: str, cure: str) -> Finding:
    return Finding(cause, pair_place(pair[0]), what, cure, noun="comparisons")


def _told(pair: Pair, values: Sequence[Any]) -> str:
    return ", ".join(f"{cell.engine} {value}" for cell, value in zip(pair, values, strict=True))


def unequal_data(pair: Pair) -> Iterator[Finding]:
    """The stores must hold the same rows, to the last one."""
    rows = [cell.rows for cell in pair]
    if len(set(rows)) > 1:
        what = f"the engines were asked over unequal data ({_told(pair, [f'{count:,} rows' for count in rows])})"
        yield _found(pair, "unequal data", what, "crossover ledger names what is missing; load it and measure again")


def unequal_parameters(pair: Pair) -> Iterator[Finding]:
    """The same question with other values is another question."""
    if any(cell.parameters != pair[0].parameters for cell in pair):
        what = f"the engines were given unequal parameters ({_told(pair, [cell.parameters for cell in pair])})"
        yield _found(pair, "unequal parameters", what, "measure all engines in one run of the case")


def unequal_budgets(pair: Pair) -> Iterator[Finding]:
    """What an engine may use, as it says itself and as it was enforced."""
    budgets: list[tuple[str, list[Any]]] = [
        ("cores by their own settings", [cell.configuration.get("cores", "unknown") for cell in pair]),
        ("cores as enforced", [cell.evidence and cell.evidence.cores for cell in pair]),
        ("bytes of memory as enforced", [cell.evidence and cell.evidence.memory_bytes for cell in pair]),
    ]
    for name, values in budgets:
        if len(set(values)) > 1:
            what = f"the engines had unequal budgets: {name}: {_told(pair, values)}"
            cure = "give all the same (CROSSOVER_BENCHMARK__CORES, CROSSOVER_SPARK__MASTER, or the equal-budget mode)"
            yield _found(pair, f"unequal budgets, {name}", what, cure)


def not_in_turn(pair: Pair) -> Iterator[Finding]:
    """Engines that are asked one after the other meet another machine: each block must ask each engine twice."""
    if any(cell.error or any(sample.error for sample in cell.samples) for cell in pair):
        return
    asked = [{(sample.block, sample.arm) for sample in cell.samples if sample.repetition >= 0} for cell in pair]
    blocks = {block for one in asked for block, _ in one}
    if any(one != {(block, arm) for block in blocks for arm in ("a", "b")} for one in asked) or 0 in blocks:
        what = "the engines were not asked in turn: not every block asked each of them twice"
        yield _found(pair, "not in turn", what, "measure all engines in one run of the case")


def other_times(pair: Pair) -> Iterator[Finding]:
    """Figures of last week's PostgreSQL say nothing against today's Spark."""
    seen = [cell.evidence for cell in pair if cell.evidence is not None]
    if seen and max(s.started_at for s in seen) >= min(s.started_at + timedelta(seconds=s.seconds) for s in seen):
        first, last = min(s.started_at for s in seen), max(s.started_at for s in seen)
        what = f"the engines were measured at different times ({first:%Y-%m-%d %H:%M:%S} and {last:%Y-%m-%d %H:%M:%S})"
        yield _found(pair, "other times", what, "measure all engines in one run of the case")


def untimed_waiting(pair: Pair) -> Iterator[Finding]:
    """The sum of all samples against the time that passed."""
    if any(cell.evidence is None or cell.cache_state != "hot" or cell.error for cell in pair):
        return
    passed = max(cell.evidence.seconds for cell in pair if cell.evidence)
    timed = sum(sample.seconds or 0.0 for cell in pair for sample in cell.samples)
    if timed > passed:
        what = f"the samples add up to {timed:.1f} s, more than the {passed:.1f} s that passed"
        yield _found(pair, "impossible times", what, "take times with a steady clock, one question at a time")
    elif passed >= LEAST_SECONDS_TO_JUDGE and timed < LEAST_TIMED_SHARE * passed:
        what = f"the samples are {timed:.1f} s of the {passed:.1f} s that passed: waiting was not timed"
        yield _found(pair, "untimed waiting", what, "time the whole call, from the question to the last row")


PAIR_RULES: tuple[Rule, ...] = (
    unequal_data,
    unequal_parameters,
    unequal_budgets,
    not_in_turn,
    other_times,
    untimed_waiting,
)
