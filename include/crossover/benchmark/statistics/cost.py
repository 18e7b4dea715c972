"""COST mode: how many cores the distributed engine needs to match one core of an engine that is not distributed.

The idea: McSherry, Isard, Murray, "Scalability! But at what COST?", HotOS 2015. A system's COST is the hardware at
which it outperforms a competent single thread; it may be unbounded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from crossover.benchmark.statistics.summary import MINIMUM_SAMPLES, Summary, summarise

Answer = Literal["yes", "no", "undecided"]


@dataclass(frozen=True)
class Round:
    """One measurement in interleaved blocks: Spark on `cores`, each other engine on one; engine -> times in seconds."""

    cores: int
    seconds: Mapping[str, tuple[float, ...]]

    def summary(self, engine: str) -> Summary | None:
        """The engine's times; None when it gave no answer."""
        return summarise(self.seconds.get(engine, ()))


@dataclass(frozen=True)
class Cost:
    """Spark cores that match one PostgreSQL core; None: not even the most that were tried.

    `ratio` = Spark's median / PostgreSQL's, at those cores or at the most. `sure`: the 95 % intervals of the medians
    are apart at those cores, and at one core less the other way round.
    """

    cores: int | None
    ratio: float
    sure: bool


def cost(rounds: Sequence[Round]) -> Cost | None:
    """The fewest cores with which Spark's median is not above PostgreSQL's; None where one of them gave no answer."""
    before: tuple[Summary, Summary] | None = None
    found: Cost | None = None
    for one in sorted(rounds, key=lambda r: r.cores):
        spark, postgres = one.summary("spark"), one.summary("postgres")
        if spark is None or postgres is None:
            return None
        ratio = spark.median / postgres.median
        if ratio <= 1:
            below = before is None or _apart(before[1], before[0])
            return Cost(one.cores, ratio, _apart(spark, postgres) and below)
        before, found = (spark, postgres), Cost(None, ratio, _apart(postgres, spark))
    return found


def beats_both(rounds: Sequence[Round], engine: str = "duckdb") -> Answer | None:
    """Whether one core of `engine` is faster than one of PostgreSQL and than Spark on the most cores.

    Judged by 95 % intervals of the medians that are apart; None where an engine gave no answer.
    """
    if not rounds:
        return None
    last = max(rounds, key=lambda r: r.cores)
    own, others = last.summary(engine), [last.summary(other) for other in ("postgres", "spark")]
    if own is None or any(other is None for other in others):
        return None
    there = [other for other in others if other is not None]
    if all(_apart(own, other) for other in there):
        return "yes"
    return "no" if any(_apart(other, own) for other in there) else "undecided"


def _apart(quick: Summary, slow: Summary) -> bool:
    return min(quick.count, slow.count) >= MINIMUM_SAMPLES and quick.high < slow.low
