"""The crossover finder: a few sizes for every case, then more where a case's answer is still wide.

Records flow once, up to the largest size; every smaller size is a prefix of them. The first sizes are spread evenly on
a logarithmic scale. Then each case asks for the size that would narrow its crossing most: between the sizes where the
lead changes, or towards the end at which it may yet change.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from crossover import job
from crossover.benchmark.cases import Case
from crossover.benchmark.results import LAYOUTS
from crossover.benchmark.run import Bench, Outcome, Plan, opened
from crossover.benchmark.statistics.crossing import curve_of
from crossover.benchmark.statistics.ladder import next_size
from crossover.benchmark.statistics.noise import noise_floors
from crossover.errors import BadInput
from crossover.settings import Settings

log = logging.getLogger(__name__)

# Sizes lie on a grid of this ratio, so that the cases of a run ask for the same copies.
GRID = 2**0.5


@dataclass(frozen=True)
class Search:
    """Where to look, in rows, and how much it may cost.

    `first`: sizes that every case is measured at. `more`: sizes that a case may add. `seconds` are divided between
    cases, layouts and sizes: a cell beyond its share gets no more than the fewest samples, and after all of them no
    size is added.
    """

    smallest: int
    largest: int
    first: int = 4
    more: int = 2
    seconds: float = 3600.0
    wanted_ratio: float = 1.5


def grid(held: Sequence[int], smallest: int, largest: int) -> list[int]:
    """Sizes on a geometric grid from `largest` downwards, each the nearest that the lake has held; ascending.

    Raises BadInput when the lake has never held anything in that range.
    """
    within = sorted({rows for rows in held if smallest <= rows <= largest})
    if not within:
        raise BadInput(f"the lake has no state between {smallest:,} and {largest:,} rows", cure="generate more records")
    found, wanted = {within[-1]}, float(within[-1])
    while wanted > within[0]:
        wanted /= GRID
        found.add(min(within, key=lambda rows: abs(rows - wanted)))
    return sorted(found)


def spread(sizes: Sequence[int], count: int) -> list[int]:
    """`count` of the ascending sizes, both ends among them, as even as can be."""
    if count >= len(sizes) or len(sizes) == 1:
        return list(sizes)
    picked = [round(n * (len(sizes) - 1) / max(count - 1, 1)) for n in range(count)]
    return [sizes[n] for n in sorted(set(picked))]


def sweep(plan: Plan, search: Search, settings: Settings, stop: threading.Event) -> Outcome:
    """Find the crossing of every case in every layout of the plan; `plan.sizes` are measured too.

    Raises what run_plan raises.
    """
    began = time.monotonic()
    with opened(within(plan, search), settings, stop) as bench:
        bench.begin()
        held = [snapshot.rows for snapshot in bench.ladder.snapshots if snapshot.operation != "replace"]
        sizes = grid(held, search.smallest, search.largest)
        first = sorted({*spread(sizes, search.first), *plan.sizes})
        log.info("sizes for every case: %s; more may come from %s", first, [s for s in sizes if s not in first])
        progress = job.Progress("cases at a size", len(first) * len(plan.layouts) * len(plan.cases))
        finished = all(bench.measure_size(size, layout, progress) for layout in plan.layouts for size in first) and all(
            _refine(bench, layout, sizes, search, progress, began + search.seconds) for layout in plan.layouts
        )
        return bench.end(finished)


def within(plan: Plan, search: Search) -> Plan:
    """The plan with each cell's share of the search's time."""
    share = search.seconds / (len(plan.cases) * len(plan.layouts) * (search.first + search.more))
    return replace(plan, effort=replace(plan.effort, seconds=share))


def _refine(
    bench: Bench, layout: str, sizes: Sequence[int], search: Search, progress: job.Progress, deadline: float
) -> bool:
    """Add sizes case by case until each is narrow, has had its share, or the time is over; False after a stop."""
    for _ in range(search.more):
        wanted: dict[int, list[Case]] = {}
        for case in bench.plan.cases:
            size = _wanted(bench, case, layout, sizes, search)
            if size is not None:
                wanted.setdefault(size, []).append(case)
        for size, cases in sorted(wanted.items()):
            if time.monotonic() > deadline:
                log.warning("the time for more sizes is over; %s keep their intervals", [c.name for c in cases])
                return True
            log.info("%s rows, %s: more for %s", f"{size:,}", layout, ", ".join(case.name for case in cases))
            if not bench.measure_size(size, layout, progress, cases):
                return False
    return True


def _wanted(bench: Bench, case: Case, layout: str, sizes: Sequence[int], search: Search) -> int | None:
    """The size that the widest of the case's pairs of engines asks for; None when all are narrow enough."""
    done = {
        cell.size_rows for cell in bench.cells if cell.case == case.name and cell.layout in LAYOUTS[layout].values()
    }
    left = [size for size in sizes if size not in done]
    for one, other in _pairs(bench, case, layout):
        for state in bench.plan.states:
            curves = [
                curve_of(bench.cells, case.name, engine, LAYOUTS[layout][engine], state.cache, state.condition)
                for engine in (one, other)
            ]
            size = next_size(curves[0], curves[1], left, search.wanted_ratio, floors=noise_floors(bench.cells))
            if size is not None:
                return size
    return None


def _pairs(bench: Bench, case: Case, layout: str) -> Iterator[tuple[str, str]]:
    asked = [engine for engine in bench.plan.engines if engine in case.dialects and engine in LAYOUTS[layout]]
    return combinations(asked, 2)
