"""The only place of the report where a winner can come from: the benchmark's own statistics, and its stamp.

An invalid run has no winner: `Judgement.verdict` is None and `Judgement.sign` 0 for it, whatever the times say.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

from crossover.benchmark.results import Cell, Run, Stamp
from crossover.benchmark.statistics.crossing import Curve, Verdict, curve_of, find_crossover
from crossover.benchmark.statistics.noise import Difference, compare, noise_floors
from crossover.benchmark.statistics.summary import Summary, summarise
from crossover.benchmark.validity.stamp import stamp
from crossover.report import words

ROW_STORE = "postgres"


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


@dataclass(frozen=True)
class Judgement:
    """How the times of one run are compared.

    `floors`: the smallest ratio of two medians that is more than an engine's own noise. `family`: how many comparisons
    the run makes, for which each is corrected.
    """

    stamp: Stamp
    floors: Mapping[str, float] = field(hash=False)
    family: int

    def verdict(self, curves: tuple[Curve, Curve]) -> Verdict | None:
        """Where the lead changes between two sides; None when the run may name no winner."""
        return find_crossover(*curves, floors=self.floors) if self.stamp.valid else None

    def difference(self, left: Cell, right: Cell) -> Difference | None:
        """Two cells side by side; None when the run may name no winner."""
        return compare(left, right, self.floors, family=self.family) if self.stamp.valid else None

    def sign(self, left: Cell, right: Cell) -> int:
        """-1: `left` took less time, 1: `right` did, 0: no difference shows, or the run may name no winner."""
        found = self.difference(left, right)
        if found is None or found.faster is None or found.ratio is None:
            return 0
        return -1 if found.ratio > 1 else 1


def judgement_of(run: Run) -> Judgement:
    """By the run's own stamp, or, when it has none yet, by one made now from what it has stored."""
    found = run.stamp or stamp(run)
    return Judgement(found, noise_floors(run.cells) if run.cells else {}, max(_family(run.cells), 1))


def _family(cells: Sequence[Cell]) -> int:
    """Comparisons of two cells that the run makes: each pair at each size that both sides have."""
    places: dict[tuple[str, str, str, int], set[tuple[str, str]]] = {}
    for cell in cells:
        places.setdefault((cell.case, cell.cache_state, cell.condition, cell.size_rows), set()).add((
            cell.engine,
            cell.layout,
        ))
    # Few different sets of sides: most places of a run hold the same.
    return sum(count * len(pairs_of(sides)) for sides, count in Counter(map(frozenset, places.values())).items())


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
