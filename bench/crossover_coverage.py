"""How often the benchmark's statistics are right, on simulated runs whose truth is known.

Run: python bench/crossover_coverage.py [--runs N] [--sweeps N] [--seed N]

Prints, for several kinds of noise: in how many A/A runs (both engines are the same process) a winner was named, how
often a true difference was found, how often the 95 % interval held the true crossing, and how wide it was.
"""

import argparse
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from crossover.benchmark.results import Cell, Sample
from crossover.benchmark.statistics.crossing import Crossover, Curve, Point, find_crossover
from crossover.benchmark.statistics.noise import compare, noise_floors

FAMILY = 20
BLOCKS = 8
SIZES = (200_000, 500_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000)
SAMPLES = 15


@dataclass(frozen=True)
class Noise:
    """Standard deviations of ln(seconds): single executions, the machine's drift from block to block, whole cells.

    `outliers` is the share of executions that take 1.3 to 3 times as long.
    """

    name: str
    single: float = 0.06
    drift: float = 0.05
    cell: float = 0.005
    outliers: float = 0.03


NOISES = (
    Noise("usual"),
    Noise("quiet machine", single=0.02, drift=0.01),
    Noise("busy machine", single=0.15, drift=0.15, outliers=0.1),
    Noise("shifted cells", cell=0.008),
)


@dataclass(frozen=True)
class Law:
    """Seconds at n rows: a + b * (n / 1e6)^c."""

    a: float
    b: float
    c: float

    def seconds(self, rows: float) -> float:
        """The time without noise."""
        return self.a + self.b * (rows / 1e6) ** self.c


@dataclass(frozen=True)
class Coverage:
    """Over simulated sweeps: how many gave an interval, how many of these held the truth, and median high / low."""

    sweeps: int
    found: int
    held: int
    width: float


def cell_of(number: int, engine: str, logs: np.ndarray) -> Cell:
    """A cell with the executions of `logs`: ln(seconds), shape (blocks, 2 arms)."""
    samples = tuple(
        Sample(2 * block + arm + 1, float(np.exp(value)), 1, "h", None, "ab"[arm], block + 1)
        for block, row in enumerate(logs)
        for arm, value in enumerate(row)
    )
    return Cell(
        case=f"case {number}", engine=engine, size_rows=1000, layout="compacted", rows=1000, bytes=None, files=None,
        cache_state="hot", condition="idle", configuration={}, parameters={}, statement="", answer_hash="h",
        answers_agree=True, error=None, samples=samples,
    )  # fmt: skip


def pairs_of_cells(rng: np.random.Generator, noise: Noise, ratio: float) -> Iterator[tuple[Cell, Cell]]:
    """One run: `FAMILY` pairs of cells, the right engine's times `ratio` times the left's; both share the drift."""
    shape = (FAMILY, 2, BLOCKS, 2)
    logs = rng.normal(0, noise.single, shape) + np.log(rng.uniform(0.01, 10, (FAMILY, 1, 1, 1)))
    logs += np.log(np.where(rng.random(shape) < noise.outliers, rng.uniform(1.3, 3.0, shape), 1.0))
    # Smaller than the smallest noise floor: 2 % between two cells.
    logs += np.clip(rng.normal(0, noise.cell, (FAMILY, 2, 1, 1)), -0.0099, 0.0099)
    logs += _drift(rng, noise.drift, FAMILY * BLOCKS).reshape(FAMILY, 1, BLOCKS, 1)
    logs[:, 1] += np.log(ratio)
    for number, (left, right) in enumerate(logs):
        yield cell_of(number, "left", left), cell_of(number, "right", right)


def _drift(rng: np.random.Generator, spread: float, steps: int) -> np.ndarray:
    """A first-order autoregressive walk of this standard deviation, 0.8 from step to step."""
    kept, fresh = 0.8, rng.normal(0, spread * 0.6, steps)
    return np.array(list(itertools.accumulate(fresh, lambda before, new: kept * before + new)))


def winners(seed: int, noise: Noise, runs: int, *, ratio: float = 1.0) -> list[int]:
    """How many of the `FAMILY` comparisons of each simulated run named a winner."""
    named = []
    for run in range(runs):
        pairs = list(pairs_of_cells(np.random.default_rng((seed, run)), noise, ratio))
        floors = noise_floors(itertools.chain.from_iterable(pairs))
        named.append(sum(compare(one, two, floors, family=FAMILY).faster is not None for one, two in pairs))
    return named


def laws(rng: np.random.Generator) -> tuple[Law, Law, float]:
    """A row store and a distributed engine whose curves cross once, and where: between the second and fifth size."""
    crossing = float(np.exp(rng.uniform(np.log(SIZES[1]), np.log(SIZES[4]))))
    slow_start = float(rng.uniform(0.2, 0.8))
    far = Law(slow_start, slow_start * float(rng.uniform(0.05, 0.5)) / (crossing / 1e6), float(rng.uniform(0.75, 1.0)))
    near = Law(float(rng.uniform(0.001, 0.02)), 1.0, float(rng.uniform(0.9, 1.15)))
    scaled = (far.seconds(crossing) - near.a) / (crossing / 1e6) ** near.c
    return replace(near, b=scaled), far, crossing


def curve(rng: np.random.Generator, engine: str, law: Law, noise: Noise) -> Curve:
    """A measured curve: `SAMPLES` executions a size, each size shifted as a whole."""
    points = []
    for rows in SIZES:
        logs = np.log(law.seconds(rows)) + rng.normal(0, noise.cell) + rng.normal(0, noise.single, SAMPLES)
        points.append(Point(rows, tuple(np.exp(logs).tolist())))
    return Curve(engine, tuple(points))


def coverage(seed: int, noise: Noise, sweeps: int) -> Coverage:
    """Find the crossing in simulated sweeps and count."""
    found, held, widths = 0, 0, []
    for sweep in range(sweeps):
        rng = np.random.default_rng((seed, sweep))
        near, far, crossing = laws(rng)
        verdict = find_crossover(curve(rng, "postgres", near, noise), curve(rng, "spark", far, noise))
        if isinstance(verdict, Crossover):
            found += 1
            held += verdict.low <= crossing <= verdict.high
            widths.append(verdict.high / verdict.low)
    return Coverage(sweeps, found, held, float(np.median(widths)))


SWEEP_NOISES = (
    Noise("usual", single=0.06, cell=0.015),
    Noise("samples only", single=0.06, cell=0.0),
    Noise("quiet machine", single=0.02, cell=0.01),
    Noise("shifted cells", single=0.05, cell=0.04),
    Noise("busy machine", single=0.2, cell=0.03),
)


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--sweeps", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    own = parser.parse_args()
    print(f"{'noise':16}  A/A runs with a winner   1.5x found   1.1x found")
    for noise in NOISES:
        false = sum(count > 0 for count in winners(own.seed, noise, own.runs))
        true = [np.mean(winners(own.seed + 1, noise, own.runs // 4, ratio=r)) / FAMILY for r in (1.5, 1.1)]
        print(f"{noise.name:16}  {false:4} of {own.runs} ({false / own.runs:5.1%})  {true[0]:14.1%}  {true[1]:11.1%}")
    print(f"\n{'noise':16}  found  crossing in its 95 % interval  median high / low")
    for noise in SWEEP_NOISES:
        told = coverage(own.seed, noise, own.sweeps)
        print(f"{noise.name:16}  {told.found / told.sweeps:5.1%}  {told.held / told.found:29.1%}  {told.width:17.2f}")


if __name__ == "__main__":
    main()
