"""Runs beside runs: what differs between a few of them, and where the level of a cell shifted along many. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from statistics import median

import numpy as np
from numpy.typing import NDArray

from crossover.benchmark.results import Cell, Run
from crossover.benchmark.statistics.noise import LEVEL, MINIMUM_FLOOR, Difference, compare, holm, noise_floors
from crossover.benchmark.statistics.summary import SEED, Summary, summarise

CellKey = tuple[str, str, int, str, str, str]
# Of 8 runs in random order 2 in 70 stand as four low and four high ones in a row; of 7 no order is rarer than 1 in 17.
MINIMUM_RUNS = 8
_SHORTEST = 2
_PERMUTATIONS = 19_999
# With --other-data: sizes that were asked alike end at the next commit of the stream.
_LIKE_SIZE = 0.05
# What stands behind FROM or JOIN: a table's name, or a function that reads files, and which state of it.
_RELATION = re.compile(r"\b(FROM|JOIN)\s+(?:\w+\([^()]*\)|[\w.\"`-]+)(?:\s+VERSION AS OF \d+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Against:
    """One cell of a run against the same cell of the first run.

    `ratio` = this median / the first: above 1 this run is slower; `low` and `high` are its 95 % bounds. `p_value` is
    corrected for all cells and runs of the comparison. `shift` is slower or faster when the difference is beyond the
    noise floors of both runs and not chance, else empty; then `reason` says why. `note` names unlike data that were
    compared because that was asked.
    """

    ratio: float | None
    low: float | None
    high: float | None
    p_value: float | None
    floor: float | None
    shift: str
    reason: str
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One cell in every run: `summaries` has one entry a run, `against` one for every run after the first."""

    key: CellKey
    summaries: tuple[Summary | None, ...]
    against: tuple[Against, ...]


@dataclass(frozen=True)
class Fact:
    """Something of machine, versions or settings that is not the same everywhere; one value a run, empty if unknown."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side, the first as the base. `doubts` has a reason for each run that may name no winner, else ""."""

    run_ids: tuple[str, ...]
    started_at: tuple[datetime, ...]
    doubts: tuple[str, ...]
    facts: tuple[Fact, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Point:
    """A cell in one run of a history; seconds."""

    run_id: str
    started_at: datetime
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Step:
    """The level shifted between run `before` and run `run_id`.

    `ratio` = median of the runs after / of the runs before: above 1 they are slower. `p_value` is corrected for all
    cells of the history. `facts` differ between these two runs: (value before, value after).
    """

    run_id: str
    before: str
    ratio: float
    p_value: float
    runs_before: int
    runs_after: int
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Track:
    """One cell along the runs, in order of time.

    `left_out` has (run id, reason); `reason` says why no step is named.
    """

    key: CellKey
    points: tuple[Point, ...]
    left_out: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    reason: str = ""


def compare_runs(runs: Sequence[Run], *, same_data: bool = True) -> Comparison:
    """Every cell of every run against the first run's.

    Unlike things are not compared, and that is said cell by cell: other rows, another statement, other parameters,
    other answers. With `same_data` false the last two, and rows that differ by up to 5 %, are allowed and noted. An
    invalid run is shown and names no winner.
    """
    cells = [{cell.key: cell for cell in run.cells} for run in runs]
    keys = sorted({key for some in cells for key in some})
    floors = [noise_floors(run.cells) for run in runs]
    doubts = [doubt(run) for run in runs]
    pairs = [(key, other) for key in keys for other in range(1, len(runs))]
    found: dict[tuple[CellKey, int], Against] = {}
    for key, other in pairs:
        sides = (cells[0].get(key), cells[other].get(key))
        mutual = {e: max(floors[0][e], floors[other][e]) for e in floors[0].keys() & floors[other].keys()}
        found[key, other] = _against(sides, (runs[0].run_id, runs[other].run_id), mutual, same_data=same_data)
    _correct(found)
    for (key, other), against in found.items():
        why = doubts[0] or doubts[other]
        found[key, other] = replace(against, shift="", reason=why) if against.shift and why else against
    rows = tuple(
        Row(
            key,
            tuple(summarise(some[key].seconds) if key in some else None for some in cells),
            tuple(found[key, other] for other in range(1, len(runs))),
        )
        for key in keys
    )
    return Comparison(
        tuple(run.run_id for run in runs),
        tuple(run.started_at for run in runs),
        tuple(doubts),
        facts_between([facts_of(run) for run in runs]),
        rows,
    )


def doubt(run: Run) -> str:
    """Why this run may name no winner; empty for a valid one."""
    if run.stamp is None:
        return f"run {run.run_id} has no stamp: it was not finished"
    if run.stamp.valid:
        return ""
    return f"run {run.run_id} is invalid: {'; '.join(run.stamp.reasons) or 'no reason given'}"


def unlike(one: Cell, other: Cell, *, same_data: bool = True) -> tuple[str, str]:
    """(why the two may not be compared, what is unlike and was allowed); both empty for like cells."""
    data = []
    if one.rows != other.rows:
        data.append(f"other rows: {one.rows:,} and {other.rows:,}")
    if _question(one) != _question(other):
        return "another statement", ""
    parameters = facts_between([one.parameters, other.parameters])
    if parameters:
        data.append(f"other parameters: {', '.join(fact.name for fact in parameters)}")
    if one.answer_hash and other.answer_hash and one.answer_hash != other.answer_hash:
        data.append("other answers: other data, or hashed by another version")
    told = "; ".join(data)
    near = abs(one.rows - other.rows) <= _LIKE_SIZE * max(one.rows, other.rows)
    return ("", told) if near and not same_data else (told, "")


def facts_of(run: Run) -> dict[str, str]:
    """Machine, versions and each engine's configuration, flat."""
    told = dict(run.environment)
    seen: dict[str, set[str]] = {}
    for cell in run.cells:
        for name, value in cell.configuration.items():
            seen.setdefault(f"{cell.engine} {name}", set()).add(value)
    return told | {name: " | ".join(sorted(values)) for name, values in seen.items()}


def facts_between(told: Sequence[dict[str, str]]) -> tuple[Fact, ...]:
    """The facts that are not the same in all of them, by name."""
    names = sorted({name for one in told for name in one})
    facts = (Fact(name, tuple(one.get(name, "") for one in told)) for name in names)
    return tuple(fact for fact in facts if len(set(fact.values)) > 1)


def changes(
    history: Iterable[Run], *, wanted: Callable[[CellKey], bool] = lambda _: True, seed: int = SEED
) -> tuple[Track, ...]:
    """Where the level of each cell shifted along the runs; they may come in any order and are read one at a time.

    Only runs that are valid, and whose cell asks the same question of the same rows as in the newest run, are used.

    A track of n medians x (logarithms) is cut at k where |mean after - mean before| * sqrt(k(n-k)/n) is largest, no
    part shorter than two runs. Its p-value is the share of random orders of the runs that reach as much at their best
    cut, so it is exact whatever the noise looks like, as long as it does not drift; then both parts are cut in turn
    (binary segmentation with a permutation test, as E-divisive does: Matteson and James 2014, used on benchmark
    histories by Daly et al. 2020). The p-values of all tracks are corrected together by Benjamini and Hochberg (1995);
    a cut inside a part doubles its p-value and is never surer than the cut that made the part. A step must also be
    larger than the noise floor of the engine (the median of the runs' floors).
    """
    drafts: dict[CellKey, list[_Seen]] = {}
    told: dict[str, dict[str, str]] = {}
    for run in history:
        told[run.run_id] = facts_of(run)
        floors, why = noise_floors(run.cells), doubt(run)
        for cell in run.cells:
            if wanted(cell.key):
                drafts.setdefault(cell.key, []).append(_seen(run, cell, floors, why))
    tracks = {key: _like_newest(sorted(seen, key=lambda one: one.started_at)) for key, seen in sorted(drafts.items())}
    tested = [key for key, (kept, _) in tracks.items() if len(kept) >= MINIMUM_RUNS]
    cuts = [_cut([one.log for one in tracks[key][0]], seed) for key in tested]
    sure = dict(zip(tested, _benjamini_hochberg([p for _, p in cuts]), strict=True))
    return tuple(_track(key, kept, left_out, sure.get(key), told, seed) for key, (kept, left_out) in tracks.items())


@dataclass(frozen=True)
class _Seen:
    """What is kept of a cell after its run is let go."""

    run_id: str
    started_at: datetime
    like: tuple[object, ...]
    floor: float
    summary: Summary | None
    why: str

    @property
    def log(self) -> float:
        return float(np.log(self.summary.median)) if self.summary else 0.0


def _against(
    sides: tuple[Cell | None, Cell | None], names: tuple[str, str], floors: dict[str, float], *, same_data: bool
) -> Against:
    first, other = sides
    if first is None or other is None:
        missing = " and ".join(name for side, name in zip(sides, names, strict=True) if side is None)
        return Against(None, None, None, None, None, "", f"not measured in run {missing}")
    why, note = unlike(first, other, same_data=same_data)
    if why:
        return Against(None, None, None, None, None, "", why)
    found = _unpaired(first, other, floors)
    p_value = found.p_value if found.ratio is not None else None
    shift = ("slower" if (found.ratio or 1) > 1 else "faster") if found.faster else ""
    return Against(found.ratio, found.low, found.high, p_value, found.floor, shift, found.reason, note)


def _unpaired(first: Cell, other: Cell, floors: dict[str, float]) -> Difference:
    """Block 1 of one run has nothing to do with block 1 of another: without block numbers all times are pooled."""
    left, right = (replace(c, samples=tuple(replace(s, block=0) for s in c.samples)) for c in (first, other))
    return compare(left, right, floors, family=1)


def _correct(found: dict[tuple[CellKey, int], Against]) -> None:
    """Put p-values that are corrected for their number in place, and take back what does not hold any more."""
    measured = [place for place, against in found.items() if against.p_value is not None]
    corrected = holm([found[place].p_value or 0.0 for place in measured])
    for place, p_value in zip(measured, corrected, strict=True):
        against = replace(found[place], p_value=p_value)
        if against.shift and p_value >= LEVEL:
            words = f"chance alone could give this difference (p = {p_value:.2g} as 1 of {len(measured)} comparisons)"
            against = replace(against, shift="", reason=words)
        found[place] = against


def _question(cell: Cell) -> str:
    """The statement without the name of the relation, which is another one in each run."""
    return _RELATION.sub(r"\1 ...", cell.statement)


def _seen(run: Run, cell: Cell, floors: dict[str, float], doubt_of_run: str) -> _Seen:
    like = (cell.rows, _question(cell), tuple(sorted(cell.parameters.items())), cell.answer_hash)
    why = doubt_of_run or ("" if cell.comparable else cell.error or "the engines' answers were not found equal")
    summary = None if why else summarise(cell.seconds)
    if summary is not None and summary.median <= 0:
        summary, why = None, "a median of zero seconds"
    return _Seen(run.run_id, run.started_at, like, floors.get(cell.engine, MINIMUM_FLOOR), summary, why)


def _like_newest(seen: list[_Seen]) -> tuple[list[_Seen], list[tuple[str, str]]]:
    """The usable runs of a track that ask what the newest usable one asks, and (run id, reason) of the others."""
    usable = [one for one in seen if one.summary is not None]
    kept = [one for one in usable if one.like == usable[-1].like]
    others = [one for one in seen if one not in kept]
    return kept, [(one.run_id, one.why or "other rows, statement, parameters or answers") for one in others]


def _track(
    key: CellKey,
    kept: list[_Seen],
    left_out: list[tuple[str, str]],
    p_value: float | None,
    told: dict[str, dict[str, str]],
    seed: int,
) -> Track:
    points = tuple(
        Point(one.run_id, one.started_at, one.summary.median, one.summary.low, one.summary.high)
        for one in kept
        if one.summary
    )
    if p_value is None:
        reason = f"{len(kept)} comparable runs: fewer than {MINIMUM_RUNS} can show no shift"
        return Track(key, points, tuple(left_out), (), reason)
    logs, floor = [one.log for one in kept], float(np.log(median(one.floor for one in kept)))
    steps = []
    for low, cut, high, p in sorted(_steps(logs, 0, p_value, floor, seed), key=lambda step: step[1]):
        before, after = kept[cut - 1].run_id, kept[cut].run_id
        ratio = float(np.exp(np.median(logs[cut:high]) - np.median(logs[low:cut])))
        facts = facts_between([told[before], told[after]])
        steps.append(Step(after, before, ratio, p, cut - low, high - cut, facts))
    return Track(key, points, tuple(left_out), tuple(steps), "" if steps else "no shift beyond noise and chance")


def _steps(logs: list[float], start: int, p_value: float, floor: float, seed: int) -> list[tuple[int, int, int, float]]:
    """(begin, cut, end, p-value) of every cut that holds in `logs`, whose first element is number `start`."""
    cut, _ = _cut(logs, seed)
    if p_value >= LEVEL or abs(np.median(logs[cut:]) - np.median(logs[:cut])) <= floor:
        return []
    found = [(start, start + cut, start + len(logs), p_value)]
    for part, first in ((logs[:cut], start), (logs[cut:], start + cut)):
        if len(part) >= MINIMUM_RUNS:
            inner = max(p_value, min(1.0, 2 * _cut(part, seed)[1]))
            found += _steps(part, first, inner, floor, seed)
    return found


def _cut(logs: Sequence[float], seed: int) -> tuple[int, float]:
    """The best place to cut (number of elements before it) and its p-value by permutation."""
    values = np.asarray(logs, dtype=np.float64)
    heights = _heights((values - values.mean())[None, :])[0]
    best, scale = int(heights.argmax()), float(np.abs(values - values.mean()).max())
    if scale == 0:
        return best + _SHORTEST, 1.0
    reached = _heights((values - values.mean())[_orders(values.size, seed)]).max(axis=1)
    # As much, but for the last bits of a sum in another order.
    as_high = int((reached >= heights[best] - 1e-9 * scale).sum())
    return best + _SHORTEST, (1 + as_high) / (1 + _PERMUTATIONS)


def _heights(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each row and each cut k = 2..n-2: |mean after - mean before| * sqrt(k(n-k)/n); rows have mean zero."""
    n = centred.shape[1]
    k = np.arange(_SHORTEST, n - _SHORTEST + 1)
    sums = np.cumsum(centred, axis=1)[:, k - 1]
    heights: NDArray[np.float64] = np.abs(sums) * np.sqrt(n / (k * (n - k)))
    return heights


@lru_cache(maxsize=32)
def _orders(n: int, seed: int) -> NDArray[np.intp]:
    """Random orders of n things; shape (_PERMUTATIONS, n)."""
    rows = np.tile(np.arange(n), (_PERMUTATIONS, 1))
    orders: NDArray[np.intp] = np.random.default_rng((seed, n)).permuted(rows, axis=1)
    return orders


def _benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for being so many, in the order given: the share of false alarms among all alarms."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index], reverse=True)
    corrected, least = [1.0] * len(p_values), 1.0
    for rank, index in enumerate(order):
        least = min(least, p_values[index] * len(p_values) / (len(p_values) - rank))
        corrected[index] = least
    return corrected
