"""The only place where a winner can come from: the benchmark's own statistics, and the run's stamp.

An invalid run has no winner: `Judgement.verdict` is None and `Judgement.sign` 0 for it, whatever the times say.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crossover.benchmark.results import LAYOUTS, Cell, Run, Stamp
from crossover.benchmark.statistics.crossing import Curve, Verdict, find_crossover
from crossover.benchmark.statistics.noise import Difference, compare, noise_floors
from crossover.benchmark.validity.stamp import stamp

ROW_STORE = "postgres"


@dataclass(frozen=True)
class Judgement:
    """How the times of one run are compared.

    `floors`: the smallest ratio of two medians that is more than an engine's own noise. `family`: how many comparisons
    the run makes, for which each is corrected.
    """

    stamp: Stamp
    floors: Mapping[str, float] = field(hash=False)
    family: int

    def verdict(self, curves: tuple[Curve, Curve], cells: Iterable[tuple[Cell, Cell]]) -> Verdict | None:
        """Where the lead changes between two sides; None when the run may name no winner.

        `cells` are those of both curves, a pair a size: who leads at a size is told by them, corrected for the run's
        other comparisons, and not by the curves' own intervals.
        """
        if not self.stamp.valid:
            return None
        leads: dict[int, str | None] = {}
        for left, right in cells:
            lead = compare(left, right, self.floors, family=self.family).faster
            # Two sizes that ended at the same snapshot are one point; they must agree.
            leads[left.rows] = lead if leads.get(left.rows, lead) == lead else None
        return find_crossover(*curves, floors=self.floors, leads=leads)

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
    """Comparisons of two cells that the run makes: each pair of engines at each place, in one state of the stores."""
    layouts = {(engine, own): layout for layout, words in LAYOUTS.items() for engine, own in words.items()}
    sides = Counter(
        (cell.case, cell.cache_state, cell.condition, cell.size_rows, layouts.get((cell.engine, cell.layout)))
        for cell in cells
    )
    return sum(count * (count - 1) // 2 for count in sides.values())
