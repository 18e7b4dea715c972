"""What can be wrong with a run as a whole: its record of the machine, its settings, its figures, its promises."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from crossover.benchmark.results import LAYOUTS, Cell, Figure, Run
from crossover.benchmark.validity.finding import Finding, pair_place, place, side_of

# What every run must know of its machine, whatever it measured.
NEEDED = ("cpu", "cores", "memory", "kernel", "crossover")
# Facts of a run's environment that begin so tell what was refused: idle executors, stores that differ.
REFUSED = "refused"
_PERCENTILE = re.compile(r"\bp(\d{2,4})\b", re.IGNORECASE)

Rule = Callable[[Run], Iterator[Finding]]


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A promise in a run's settings, under `threshold`: a quantile of some times or of a figure, and what was claimed.

    `figure` with `dimensions`, or `case` and `engine` (each cell of theirs must pass). `at_most` and `at_least` are in
    the figure's unit, seconds for cases.
    """

    passed: bool
    figure: str = ""
    dimensions: dict[str, str] = {}
    case: str = ""
    engine: str = ""
    quantile: float = 0.5
    at_most: float = math.inf
    at_least: float = -math.inf

    @property
    def words(self) -> str:
        """What the promise is about."""
        own = " ".join([self.figure, *self.dimensions.values()]) if self.figure else f"{self.case} on {self.engine}"
        return f"{own}, p{self.quantile * 100:g}"


def _found(run: Run, cause: str, what: str, cure: str) -> Finding:
    return Finding(cause, f"run {run.run_id}", what, cure)


def nothing_measured(run: Run) -> Iterator[Finding]:
    """A run that only has a name."""
    if not run.cells and not run.figures:
        yield _found(run, "nothing measured", "it holds no cell and no figure", "see the log of its job; run it again")


def no_environment(run: Run) -> Iterator[Finding]:
    """Figures without their machine cannot be compared with anything."""
    lacking = [name for name in NEEDED if not run.environment.get(name)]
    engines = {cell.engine for cell in run.cells if not cell.configuration.get("version")}
    lacking += sorted(f"version of {engine}" for engine in engines if not run.environment.get(engine))
    if lacking:
        what = f"there is no full record of its environment (lacking: {', '.join(lacking)})"
        yield _found(run, "no environment", what, "measure with crossover benchmark, which writes it")


def refusals(run: Run) -> Iterator[Finding]:
    """What the run itself refused and wrote down."""
    for name, value in run.environment.items():
        if value.startswith(REFUSED):
            what = f"{name} {value}"
            yield _found(run, f"refused, {name}", what, "mend what is named, and run it again")


def mixed_configurations(run: Run) -> Iterator[Finding]:
    """One engine, one version, one set of settings in all cells."""
    by_engine: defaultdict[str, list[Cell]] = defaultdict(list)
    for cell in run.cells:
        by_engine[cell.engine].append(cell)
    for engine, cells in by_engine.items():
        first = cells[0].configuration
        for cell in cells[1:]:
            other = cell.configuration
            changed = sorted(n for n in first.keys() | other.keys() if first.get(n) != other.get(n))
            if changed:
                told = ", ".join(f"{n}: {first.get(n, 'none')} and {other.get(n, 'none')}" for n in changed[:3])
                what = f"{engine} did not have the same settings in all cells ({told})"
                cure = "keep version and settings for the whole of a run"
                yield Finding(f"mixed configurations of {engine}", place(cell), what, cure)


def told_twice(run: Run) -> Iterator[Finding]:
    """Each figure has one place; two values for one thing contradict each other."""
    keys = Counter((figure.name, tuple(sorted(figure.dimensions.items()))) for figure in run.figures)
    names = [" ".join([name, *(value for _, value in of)]) for (name, of), count in keys.items() if count > 1]
    cells = Counter(cell.key for cell in run.cells)
    names += [" ".join(map(str, key)) for key, count in cells.items() if count > 1]
    if names:
        what = f"it contradicts itself: {', '.join(names)} is told more than once"
        yield _found(run, "told twice", what, "keep one value for each cell and figure, the stored one")


def same_question_twice(run: Run) -> Iterator[Finding]:
    """Two cases that end up as one statement with the same values: one of them lost its filter."""
    cases: defaultdict[tuple[Any, ...], dict[str, Cell]] = defaultdict(dict)
    for cell in run.cells:
        words = set(re.findall(r"\w+", cell.statement))
        used = tuple(sorted((name, value) for name, value in cell.parameters.items() if name in words))
        cases[*cell.key[1:], " ".join(cell.statement.split()), used][cell.case] = cell
    for same in cases.values():
        if len(same) > 1:
            what = f"the cases {' and '.join(sorted(same))} ask the same question, word for word"
            cure = "look for a filter that one of them lost"
            yield Finding("same question twice", place(next(iter(same.values()))), what, cure)


def lost_results(run: Run) -> Iterator[Finding]:
    """What was planned must be stored, or its absence told."""
    lost = [name for layout, plan in run.settings.items() for name in _lost(run, layout, plan)]
    engines: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    pairs: defaultdict[tuple[Any, ...], set[str]] = defaultdict(set)
    words: dict[tuple[Any, ...], str] = {}
    for cell in run.cells:
        pair = (cell.case, side_of(cell), cell.size_rows, cell.cache_state, cell.condition)
        engines[pair[:2]].add(cell.engine)
        pairs[pair].add(cell.engine)
        words[pair] = pair_place(cell)
    for pair, there in pairs.items():
        lost += [f"{engine} in {words[pair]}" for engine in sorted(engines[pair[:2]] - there)]
    if lost:
        example = "; ".join(lost[:3])
        what = f"results are lost: {len(lost)} planned and not stored ({example})"
        yield _found(run, "lost results", what, "run it again with the same --run: what is there is kept")


def _lost(run: Run, layout: str, plan: Any) -> Iterator[str]:
    if layout not in LAYOUTS or not isinstance(plan, dict):
        return
    mine = [cell for cell in run.cells if side_of(cell) == layout]
    there: dict[str, set[Any]] = {
        "cases": {cell.case for cell in mine},
        "sizes": {cell.size_rows for cell in mine},
        "engines": {cell.engine for cell in mine},
    }
    for name, found in there.items():
        yield from (f"{layout}: {value} of the {name}" for value in plan.get(name, ()) if value not in found)
    states = {(cell.cache_state, cell.condition) for cell in mine}
    for state in plan.get("states", ()):
        if (state.get("cache"), state.get("condition")) not in states:
            yield f"{layout}: state {state.get('cache')}, {state.get('condition')}"


def missed_thresholds(run: Run) -> Iterator[Finding]:
    """A verdict must be the threshold's own result."""
    cure = "take the verdict from the stored samples"
    for threshold in _thresholds(run):
        if isinstance(threshold, str):
            yield _found(run, "unreadable threshold", f"a threshold cannot be read ({threshold})", "mend the settings")
            continue
        values, errors = _values(run, threshold)
        if threshold.passed and (errors or not values):
            why = f"{errors} errors" if errors else "no value"
            yield _found(run, "missed threshold", f"it claims that {threshold.words} passed, with {why}", cure)
        elif threshold.passed:
            got = [float(np.quantile(some, threshold.quantile)) for some in values]
            late, worst = max(got) > threshold.at_most, max(got) if max(got) > threshold.at_most else min(got)
            if late or worst < threshold.at_least:
                limit = f"at most {threshold.at_most:g}" if late else f"at least {threshold.at_least:g}"
                what = f"it claims that {threshold.words} passed, but that missed its threshold: {worst:g}, not {limit}"
                yield _found(run, "missed threshold", what, cure)


def _thresholds(run: Run) -> Iterator[Threshold | str]:
    """All promises of the settings; a text is what is wrong with one that cannot be read."""
    parts = [run.settings, *(part for part in run.settings.values() if isinstance(part, dict))]
    for stated in (part["threshold"] for part in parts if part.get("threshold") is not None):
        for one in stated if isinstance(stated, list) else [stated]:
            try:
                yield msgspec.convert(one, Threshold)
            except msgspec.ValidationError as error:
                yield str(error)


def _values(run: Run, threshold: Threshold) -> tuple[list[Sequence[float]], int]:
    """What a promise is about, the values of each cell or figure by itself; and how many executions failed."""
    if threshold.figure:
        same = [f for f in run.figures if f.name == threshold.figure and f.dimensions == threshold.dimensions]
        return [figure.values for figure in same if figure.values], 0
    cells = [cell for cell in run.cells if (cell.case, cell.engine) == (threshold.case, threshold.engine)]
    errors = sum(cell.error is not None or any(s.error for s in cell.samples) for cell in cells)
    return [cell.seconds for cell in cells if cell.seconds], errors


def bold_percentiles(run: Run) -> Iterator[Finding]:
    """The 99th percentile of fewer than 100 values is their maximum under another name."""
    claimed: list[tuple[str, float, int]] = []
    for figure in run.figures:
        claimed += [(figure.name, quantile, len(figure.values)) for quantile in _quantiles(figure)]
    for threshold in _thresholds(run):
        if isinstance(threshold, Threshold):
            fewest = min(map(len, _values(run, threshold)[0]), default=0)
            claimed.append((threshold.words, threshold.quantile, fewest))
    for name, quantile, count in claimed:
        needed = samples_needed(quantile)
        if count < needed:
            what = f"{name} claims the percentile {quantile * 100:g} of {count} values; it takes {needed} to have one"
            yield _found(run, "bold percentile", what, "take more samples, or tell the median")


def samples_needed(quantile: float) -> int:
    """The fewest values of which one is expected beyond the quantile."""
    return math.ceil(1 / max(1 - quantile, 1e-9) - 1e-6) if quantile > 0.5 else 1


def _quantiles(figure: Figure) -> Sequence[float]:
    text = " ".join([figure.name.replace("_", " "), *figure.dimensions, *figure.dimensions.values()])
    return [float(f"0.{digits}") for digits in _PERCENTILE.findall(text) if digits != "50"]


RUN_RULES: tuple[Rule, ...] = (
    nothing_measured,
    no_environment,
    refusals,
    mixed_configurations,
    told_twice,
    same_question_twice,
    lost_results,
    missed_thresholds,
    bold_percentiles,
)
