"""What was seen of the machine while the cells were measured: the worst of each kind, and where."""

from collections.abc import Callable, Sequence

from crossover.benchmark.results import Cell, Evidence, Run
from crossover.benchmark.validity.stamp import cell_reasons
from crossover.report import words
from crossover.report.facts import Fact, FactTable

# So many reasons of single cells stand on the page; all of them follow from the JSON file.
SHOWN_REASONS = 100
SHOWN_WORDS = 3


def evidence(run: Run) -> FactTable | None:
    """One line a kind of evidence over all cells; None for a run that kept none."""
    seen = [(cell, cell.evidence) for cell in run.cells if cell.evidence is not None]
    if not seen:
        return None
    facts = [
        _worst(seen, "CPU time stolen by the host", lambda e: e.steal, _percent),
        _worst(seen, "CPU time of foreign processes", lambda e: e.foreign, _percent),
        _worst(seen, "clock jump", lambda e: abs(e.clock_jump_seconds), words.seconds),
        _lists(seen, "other runs at the same time", lambda e: e.other_runs),
        _lists(seen, "configuration changed in mid-run", lambda e: e.configuration_changed),
        _lists(seen, "stale statistics", lambda e: e.stale_statistics),
        _lists(seen, "idle workers", lambda e: e.idle_workers),
        _steady(seen),
        *_budgets(seen),
        *_made(seen, "cache state", lambda c: c.cache_state, lambda e: e.cache_made),
        *_made(seen, "condition", lambda c: c.condition, lambda e: e.condition_made),
        _lists(seen, "condition that did not hold", lambda e: e.condition_failed),
    ]
    missing = len(run.cells) - len(seen)
    if missing:
        facts.append(Fact("cells without evidence", f"{missing:,} of {len(run.cells):,}"))
    return FactTable("Evidence", tuple(facts))


def _percent(share: float) -> str:
    return f"{words.significant(100 * share, 2)} %"


def place(cell: Cell) -> str:
    """`count_all, Spark (compacted), 2 M rows`, and the state when it is not hot and idle."""
    state = "" if cell.plain else f", {cell.cache_state}, {cell.condition}"
    return f"{cell.case}, {words.side_name(cell)}, {words.rows(cell.rows)} rows{state}"


def _worst(
    seen: Sequence[tuple[Cell, Evidence]],
    name: str,
    value: Callable[[Evidence], float | None],
    text: Callable[[float], str],
) -> Fact:
    known = [(found, cell) for cell, e in seen if (found := value(e)) is not None]
    if not known:
        return Fact(name, "cannot be seen here")
    most, cell = max(known, key=lambda pair: pair[0])
    unseen = len(seen) - len(known)
    note = f"; not seen in {words.counted(unseen, 'cell')}" if unseen else ""
    return Fact(name, (f"at most {text(most)} ({place(cell)})" if most > 0 else "none") + note)


def _lists(seen: Sequence[tuple[Cell, Evidence]], name: str, value: Callable[[Evidence], tuple[str, ...]]) -> Fact:
    found = list(dict.fromkeys(item for _, e in seen for item in value(e)))
    cells = sum(bool(value(e)) for _, e in seen)
    return Fact(name, f"{', '.join(found)} (in {words.counted(cells, 'cell')})" if found else "none")


def _steady(seen: Sequence[tuple[Cell, Evidence]]) -> Fact:
    steady = sum(e.steady for _, e in seen)
    return Fact("warm-ups ended in a steady state", f"in {steady:,} of {words.counted(len(seen), 'cell')}")


def _budgets(seen: Sequence[tuple[Cell, Evidence]]) -> list[Fact]:
    budgets: dict[str, list[str]] = {}
    for cell, e in seen:
        cores = "no limit of cores" if e.cores is None else words.counted_number(e.cores, "core")
        memory = "no limit of memory" if e.memory_bytes is None else f"{e.memory_bytes / 2**30:.3g} GiB"
        told = "none enforced" if e.cores is None and e.memory_bytes is None else f"{cores}, {memory}"
        known = budgets.setdefault(cell.engine, [])
        if told not in known:
            known.append(told)
    order = sorted(budgets, key=words.engine_rank)
    return [Fact(f"budget of {words.engine_name(e)}", "; ".join(budgets[e]), len(budgets[e]) > 1) for e in order]


def _made(
    seen: Sequence[tuple[Cell, Evidence]], name: str, state: Callable[[Cell], str], how: Callable[[Evidence], str]
) -> list[Fact]:
    """How each cache state or condition was brought about."""
    made: dict[str, list[str]] = {}
    for cell, e in seen:
        told = how(e) or ("nothing was added" if state(cell) == "idle" else "nothing made it")
        known = made.setdefault(state(cell), [])
        if told not in known:
            known.append(told)
    return [Fact(f"{name} {value}", _first(told)) for value, told in made.items()]


def _first(told: Sequence[str]) -> str:
    """Each cell may tell it in words of its own."""
    more = len(told) - SHOWN_WORDS
    return "; ".join(told[:SHOWN_WORDS]) + (f"; and {more:,} more" if more > 0 else "")


def objections(run: Run) -> list[str]:
    """What speaks against single cells, a sentence each; the last says how many more there are."""
    found = [reason for cell in run.cells for reason in cell_reasons(cell)]
    more = len(found) - SHOWN_REASONS
    return found if more <= 0 else [*found[:SHOWN_REASONS], f"and {more:,} more"]
