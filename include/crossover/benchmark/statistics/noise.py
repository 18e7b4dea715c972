"""How far an engine's times differ from its own, and whether two engines differ by more than that."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from crossover.benchmark.results import LAYOUTS, Cell, Sample
from crossover.benchmark.statistics.summary import MINIMUM_FOR_WINNER, SEED

# No engine is trusted to tell two medians apart that differ by less than 2 %: a statement's place in memory, the
# order of files in a scan and the like shift a whole cell by so much without any sample showing it.
MINIMUM_FLOOR = 1.02
LEVEL = 0.05
_QUANTILE = 0.95
_MINIMUM_PAIRS = 4
_RELABELLINGS = 200
_RESAMPLES = 1000
_LARGEST_BLOCK = 12


@dataclass(frozen=True)
class Difference:
    """Two cells side by side. `ratio` = right median / left median: above 1 the left engine is the faster one.

    `low` and `high` are the 95 % bounds of the ratio. `p_value` is corrected for the family of comparisons.
    `cliffs_delta` (-1 to 1) is the share of pairs of samples in which the left is quicker minus the share in which the
    right is. `floor` is the ratio that had to be passed. `faster` names a winner; without one `reason` says in plain
    words why. All numbers but the p-value are None where the times may not be compared.
    """

    ratio: float | None
    low: float | None
    high: float | None
    p_value: float
    cliffs_delta: float | None
    faster: str | None
    reason: str
    floor: float | None = None


def noise_floors(cells: Iterable[Cell], *, seed: int = SEED) -> dict[str, float]:
    """Per engine the ratio of two medians (above 1) that its own noise reaches in 1 of 20 comparisons with itself.

    Every cell holds the engine twice: arm a and arm b of the same blocks. A cell gives |ln(median a / median b)|.
    Which of a block's two executions is called a was chosen at random, so the labels may be exchanged in each block:
    200 such relabellings a cell tell the same thing as the one that happened, with far less chance in it, and make a
    few cells enough. The 95 % quantile over all cells is robust: a single wild cell among twenty does not move it.

    The factor: a median of m samples has a variance V/m (of its logarithm). Two arms of m = n/2 samples differ with a
    variance of 2V/m = 4V/n; two engines' medians of all n samples differ with 2V/n. So the spread of the arms is
    multiplied by sqrt(1/2) (for arms of unequal length by sqrt(2 * m_a * m_b) / n). With p pairs in all, the spread is
    an estimate with about p degrees of freedom; (1 + 1.21/p) widens the normal quantile to Student's, to first order.

    Cells with an error are left out. Cells without arms (runs of old) are split into every second execution. An engine
    without four pairs in any cell has no floor. Never below `MINIMUM_FLOOR`.
    """
    spreads: dict[str, list[NDArray[np.float64]]] = {}
    pairs: dict[str, int] = {}
    for number, cell in enumerate(cells):
        arms = _arms(cell)
        if len(arms) >= _MINIMUM_PAIRS:
            spreads.setdefault(cell.engine, []).append(_relabelled(arms, (seed, number)))
            pairs[cell.engine] = pairs.get(cell.engine, 0) + len(arms)
    return {
        engine: max(MINIMUM_FLOOR, math.exp(_spread(np.concatenate(found)) * (1 + 1.21 / pairs[engine])))
        for engine, found in spreads.items()
    }


def _spread(differences: NDArray[np.float64]) -> float:
    return float(np.quantile(differences, _QUANTILE)) * math.sqrt(1 / 2)


def _measured(cell: Cell) -> list[tuple[Sample, float]]:
    return [(s, s.seconds) for s in cell.samples if s.repetition >= 0 and s.seconds is not None and s.seconds > 0]


def _arms(cell: Cell) -> NDArray[np.float64]:
    """Logarithms of the times of both arms, one row a block; no rows for a cell with an error. Shape (blocks, 2)."""
    if cell.error is not None or any(sample.error for sample in cell.samples):
        return np.empty((0, 2))
    measured = _measured(cell)
    if any(sample.arm == "b" for sample, _ in measured):
        by_arm = [{s.block: seconds for s, seconds in measured if s.arm == arm} for arm in ("a", "b")]
        rows = [(by_arm[0][block], by_arm[1][block]) for block in by_arm[0] if block in by_arm[1]]
    else:
        times = [seconds for _, seconds in sorted(measured, key=lambda pair: pair[0].repetition)]
        rows = list(zip(times[::2], times[1::2], strict=False))
    return np.log(np.array(rows, dtype=np.float64).reshape(-1, 2))


def _relabelled(arms: NDArray[np.float64], seed: Sequence[int]) -> NDArray[np.float64]:
    """|difference of the arms' medians| as it was and with the labels exchanged at random in each block."""
    swapped = np.random.default_rng(seed).random((_RELABELLINGS, len(arms))) < 0.5
    swapped[0] = False
    one = np.where(swapped, arms[:, 1], arms[:, 0])
    other = np.where(swapped, arms[:, 0], arms[:, 1])
    differences: NDArray[np.float64] = np.abs(_medians(one) - _medians(other))
    return differences


def _medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each row; for short rows several times quicker than numpy's."""
    ordered, half = np.sort(values, axis=1), values.shape[1] // 2
    middle: NDArray[np.float64] = (ordered[:, half] + ordered[:, (values.shape[1] - 1) // 2]) / 2
    return middle


def compare(left: Cell, right: Cell, floors: Mapping[str, float], *, family: int, seed: int = SEED) -> Difference:
    """Which of two cells is faster, if the samples can show it; `family` = comparisons that the run makes.

    The times are ranked within blocks, where both engines were asked in random order: what slows a whole block (drift,
    a neighbour) hits both and cancels, and a single outlier costs a rank and not its size. The test is Wilcoxon's rank
    sum within blocks, exact (`block_ranks`); Mann and Whitney's, over one value a block, for cells of different blocks.
    (The signed-rank test over 8 blocks cannot get below p = 0.008, which no correction for 20 comparisons survives.)

    What is tested is not "equal" but "within 2 % of each other" (`MINIMUM_FLOOR`): the slower side's times are first
    divided by that, because a cell's own shift is real to any test on its samples. p is multiplied by `family`
    (Bonferroni; `holm` corrects a whole run at once). A winner needs p < 0.05, a ratio of medians beyond the larger
    of both noise floors, and 15 samples a side.
    """
    for cell in (left, right):
        if not cell.comparable or not _measured(cell):
            return Difference(None, None, None, 1.0, None, None, _why_void(cell))
    times = np.array(left.seconds), np.array(right.seconds)
    change = float(np.log(np.median(times[1])) - np.log(np.median(times[0])))
    allowed = MINIMUM_FLOOR if change > 0 else 1 / MINIMUM_FLOOR
    blocks = _blocks(left, right)
    raw = (
        block_ranks([(one, [t / allowed for t in other]) for one, other in blocks])
        if blocks
        else _mann_whitney(_independent(left), _independent(right) / allowed)
    )
    p_value = min(1.0, raw * max(1, family))
    delta = float(np.sign(times[1][None, :] - times[0][:, None]).mean())
    floor = max(floors[c.engine] for c in (left, right)) if {left.engine, right.engine} <= floors.keys() else None
    reason = _why_no_winner(left, right, change, floor, p_value, family)
    if not reason and (change > 0) != (delta > 0):
        reason = "medians and single times point to different engines"
    winner = None if reason else (left if change > 0 else right).engine
    low, high = np.exp(np.quantile(_ratios(left, right, blocks, seed), (0.025, 0.975)))
    ratio = math.exp(change)
    return Difference(ratio, min(float(low), ratio), max(float(high), ratio), p_value, delta, winner, reason, floor)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values corrected for being so many (Holm 1979, step-down), in the order given; each at most 1."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return tuple(corrected)


def block_ranks(blocks: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float:
    """Two-sided p-value of Wilcoxon's rank-sum test within blocks (van Elteren 1960), exact, ties included.

    A block has the times of the left and of the right engine. Its statistic is the sum of the left's ranks among all
    of the block; under equality each choice of that many ranks is equally likely, and the blocks' sums add up.
    """
    chance, observed = np.ones(1), 0
    for left, right in blocks:
        together = np.sort(np.array([*left, *right]))
        # Twice the mean rank is a whole number, also for ties.
        ranks = np.searchsorted(together, together, "left") + np.searchsorted(together, together, "right") + 1
        observed += int(ranks[np.searchsorted(together, np.asarray(left))].sum())
        chance = np.convolve(chance, _sums(tuple(ranks.tolist()), len(left)))
    return min(1.0, 2 * float(min(chance[: observed + 1].sum(), chance[observed:].sum())))


@lru_cache(maxsize=4096)
def _sums(ranks: tuple[int, ...], count: int) -> NDArray[np.float64]:
    """Chance of each sum of `count` of the ranks, all choices equally likely; the index is the sum."""
    sums = np.bincount([sum(chosen) for chosen in combinations(ranks, count)])
    shares: NDArray[np.float64] = sums / sums.sum()
    return shares


def _independent(cell: Cell) -> NDArray[np.float64]:
    """One time a block, the geometric mean: two executions of a block share its luck and count as one witness."""
    by_block: dict[int, list[float]] = {}
    for sample, seconds in _measured(cell):
        by_block.setdefault(sample.block or -sample.repetition, []).append(math.log(seconds))
    return np.exp([float(np.mean(logs)) for logs in by_block.values()])


def _mann_whitney(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(left, right, alternative="two-sided").pvalue)


def _blocks(left: Cell, right: Cell) -> list[tuple[list[float], list[float]]]:
    """Both sides' times in each block that both have; none when these hold less than half of the times."""
    if not _together(left, right):
        return []
    sides: tuple[dict[int, list[float]], dict[int, list[float]]] = ({}, {})
    for cell, by_block in zip((left, right), sides, strict=True):
        for sample, seconds in _measured(cell):
            if sample.block > 0:
                by_block.setdefault(sample.block, []).append(seconds)
    common = [(times, sides[1][block]) for block, times in sides[0].items() if block in sides[1]]
    held = sum(len(one) + len(other) for one, other in common)
    # A block of many executions is no block of this benchmark, and its choices would be too many to count.
    fits = all(len(one) + len(other) <= _LARGEST_BLOCK for one, other in common)
    return common if fits and 2 * held > len(left.seconds) + len(right.seconds) else []


def _together(left: Cell, right: Cell) -> bool:
    """Whether both were measured in the same blocks: the same question, asked of two engines in one layout of a run.

    Blocks of the same number of two other cells lie at different times; ranked within these, the two executions that
    share a block's luck would look like two witnesses.
    """
    asked, other = ((cell.case, cell.size_rows, cell.cache_state, cell.condition) for cell in (left, right))
    layout, against = ([name for name, words in LAYOUTS.items() if c.layout in words.values()] for c in (left, right))
    return asked == other and layout == against and left.engine != right.engine


def _ratios(
    left: Cell, right: Cell, blocks: Sequence[tuple[list[float], list[float]]], seed: int
) -> NDArray[np.float64]:
    """ln(right median / left median) of resampled executions, shape (resamples,).

    Where both sides have as many executions in every block, a block's pairs are drawn together: that keeps the drift
    that they share.
    """
    rng = np.random.default_rng(seed)
    together = bool(blocks) and all(len(one) == len(other) for one, other in blocks)
    sides = (
        [np.log([time for block in blocks for time in block[side]]) for side in (0, 1)]
        if together
        else [np.log(np.array(cell.seconds)) for cell in (left, right)]
    )
    picks = rng.integers(0, sides[0].size, (_RESAMPLES, sides[0].size))
    others = picks if together else rng.integers(0, sides[1].size, (_RESAMPLES, sides[1].size))
    ratios: NDArray[np.float64] = _medians(sides[1][others]) - _medians(sides[0][picks])
    return ratios


def _why_void(cell: Cell) -> str:
    if cell.error is not None:
        return f"the times of {cell.engine} are void: {cell.error}"
    if not cell.seconds:
        return f"{cell.engine} has no measured execution"
    if cell.answers_agree is None:
        return f"the answer of {cell.engine} was not compared with another engine's"
    return f"the times of {cell.engine} are void: the engines gave different answers"


def _why_no_winner(left: Cell, right: Cell, change: float, floor: float | None, p_value: float, family: int) -> str:
    fewest = min((left, right), key=lambda cell: len(cell.seconds))
    if len(fewest.seconds) < MINIMUM_FOR_WINNER:
        return f"{len(fewest.seconds)} samples of {fewest.engine}: fewer than {MINIMUM_FOR_WINNER} name no winner"
    if floor is None:
        return "no noise floor is known: one of the engines was not measured against itself"
    if abs(change) <= math.log(floor):
        return f"the medians differ by a factor of {math.exp(abs(change)):.2f}, within the noise floor of {floor:.2f}"
    if p_value >= LEVEL:
        among = f"1 of {family} comparisons" if family > 1 else "a single comparison"
        return f"chance alone could give this difference (p = {p_value:.2g} as {among})"
    return ""
