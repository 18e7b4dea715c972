"""The sentence of one pair on one question, and what the size in it means in bytes and memory."""

import re
from collections.abc import Iterable, Mapping, Sequence

from crossover.benchmark.results import Run
from crossover.benchmark.statistics.crossing import (
    Crossover,
    Curve,
    InBytes,
    NoneInRange,
    Undecided,
    Verdict,
    in_bytes,
)
from crossover.report import words
from crossover.report.charts import Lead
from crossover.report.pairs import Pair, Side

INVALID = "no winner is named, because the run is invalid"


def sentence(
    verdict: Verdict | None,
    left: Side,
    right: Side,
    leads: Sequence[Lead],
    medians: Mapping[tuple[str, str, int], float],
) -> str:
    """What may be said about two sides; `medians` are seconds by engine, layout and rows."""
    name = {side.engine: words.side_name(side) for side in (left, right)}
    both = f"{name[left.engine]} against {name[right.engine]}"
    valid = [lead.rows for lead in leads if not lead.void]
    over = words.span(valid)
    match verdict:
        case None:
            said = f"{both}: {INVALID}; measured {over}."
        case Crossover(rows, low, high, from_engine, to_engine):
            said = (
                f"{name[from_engine]} up to {words.rows(rows)} rows [{words.rows_between(low, high)}], "
                f"{name[to_engine]} beyond; measured to {words.rows(max(valid, default=0))}."
            )
        case NoneInRange(winner, beyond=beyond):
            sides = (left, right) if winner == left.engine else (right, left)
            ratios = [medians[*sides[1].key, r] / medians[*sides[0].key, r] for r in valid]
            where = "at every size measured" if len(valid) > 1 else "at the only size measured"
            said = (
                f"No crossover in range: {name[winner]} is faster than {words.side_name(sides[1])} {where}, {over}: "
                f"{_by(ratios)}.{_extrapolated(beyond, name)}"
            )
        case Undecided(reason, _) if not valid:
            said = f"{both}: no winner, because no size has valid times in both."
        case Undecided(reason, _):
            said = f"{both}: {_open(reason, leads)}; measured {over}."
    return said + _void_note(leads, bool(valid))


def _extrapolated(beyond: Crossover | None, name: Mapping[str, str]) -> str:
    if beyond is None:
        return ""
    return (
        f" Extrapolated, not measured: the models cross at about {words.rows(beyond.rows)} rows "
        f"[{words.rows_between(beyond.low, beyond.high)}], {name[beyond.to_engine]} beyond."
    )


def _by(ratios: Sequence[float]) -> str:
    low, high = words.ratio(min(ratios)), words.ratio(max(ratios))
    return f"{low} times as fast" if low == high else f"{low} to {high} times as fast"


def _sizes(leads: Iterable[Lead]) -> str:
    return words.listed([words.rows(lead.rows) for lead in leads])


def _open(reason: str, leads: Sequence[Lead]) -> str:
    """What an undecided comparison still shows, size by size."""
    shown = [lead for lead in leads if lead.faster]
    if not shown:
        return f"no difference that the data can show ({reason})"
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


def scale(verdict: Verdict | None, pair: Pair, curves: tuple[Curve, Curve], memory: float | None) -> str:
    """The crossing's rows as bytes in each store, and a GiB of memory (of `memory` bytes); empty without either."""
    if not isinstance(verdict, Crossover):
        return ""
    parts = []
    for side, curve in zip((pair.left, pair.right), curves, strict=True):
        found = in_bytes(verdict, curve)
        if found is not None:
            share = f", {words.size(round(found.per_gib(round(memory)).bytes))} a GiB of memory" if memory else ""
            parts.append(f"{_bytes(found)} in {words.side_name(side)}{share}")
    return f"{words.rows(verdict.rows)} rows are {'; '.join(parts)}." if parts else ""


def _bytes(found: InBytes) -> str:
    return f"{words.size(round(found.bytes))} [{words.size_between(round(found.low), round(found.high))}]"


def memory_bytes(run: Run) -> float | None:
    """Memory of each engine in bytes: its enforced budget when all cells have the same, else the machine's."""
    budgets = {c.evidence.memory_bytes for c in run.cells if c.evidence is not None and c.evidence.memory_bytes}
    if len(budgets) == 1:
        return float(budgets.pop())
    found = re.match(r"([\d.]+) *GiB\b", run.environment.get("memory", ""))
    return float(found[1]) * 2**30 if found else None
