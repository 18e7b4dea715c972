"""Which sides of a run are put next to each other; who wins is said by benchmark/verdict.py alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from crossover.benchmark.results import Cell
from crossover.benchmark.statistics.crossing import Curve, curve_of
from crossover.benchmark.statistics.summary import Summary, summarise
from crossover.benchmark.verdict import ROW_STORE
from crossover.report import words


@dataclass(frozen=True)
class Side:
    """One engine in one layout."""

    engine: str
    layout: str

    @property
    def key(self) -> tuple[str, str]:
        """What tells the side's cells from others."""
        return self.engine, self.layout


@dataclass(frozen=True)
class Pair:
    """Two sides that are compared. `kept`: both in the layout that an operator keeps."""

    left: Side
    right: Side
    kept: bool

    def curves(self, cells: Sequence[Cell]) -> tuple[Curve, Curve]:
        """Both sides' times over the sizes; `cells` are of one case, cache state and condition."""
        one = cells[0]
        left, right = (
            curve_of(cells, one.case, side.engine, side.layout, one.cache_state, one.condition)
            for side in (self.left, self.right)
        )
        return left, right


def pairs_of(sides: frozenset[tuple[str, str]] | set[tuple[str, str]]) -> list[Pair]:
    """The row store against each engine over the lake, kept layouts against kept, raw against raw; kept pairs first."""
    ordered = sorted(sides, key=lambda side: (words.engine_rank(side[0]), side))
    pairs = []
    for layouts, kept in ((words.KEPT_LAYOUTS, True), (words.RAW_LAYOUTS, False)):
        group = [Side(engine, layout) for engine, layout in ordered if layout in layouts]
        pairs += [Pair(a, b, kept) for a, b in combinations(group, 2) if a.engine == ROW_STORE != b.engine]
    return pairs


@lru_cache(maxsize=10_000)
def summary_of(seconds: tuple[float, ...]) -> Summary | None:
    """The benchmark's own summary; kept, because page and plots ask for the same cells many times."""
    return summarise(seconds)
