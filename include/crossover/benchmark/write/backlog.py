"""How far both stores are behind Kafka while records are sent, and whether they keep up. Pure but for `look`."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from crossover.connections import kafka_admin
from crossover.records import Kind, topic
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg

SINKS = {"postgres": "sink_offset", "lake": "lake_offset"}
# A backlog that grows by no more than this share of what is sent counts as steady.
GROWTH_SHARE = 0.05
_STEPS_FOR_A_SLOPE = 3


@dataclass(frozen=True)
class Look:
    """Kafka messages written and stored, seen at monotonic time `seconds`."""

    seconds: float
    written: int
    stored: dict[str, int]

    def behind(self, store: str) -> int:
        """Messages that the store has not taken."""
        return max(self.written - self.stored[store], 0)

    @property
    def drained(self) -> bool:
        """Both stores have taken all."""
        return not any(self.behind(store) for store in self.stored)


class Backlog:
    """Looks at one dataset's log topic; one Kafka client and one connection for all looks."""

    def __init__(self, connection: "psycopg.Connection[Any]", settings: Settings, dataset: str) -> None:
        self._connection = connection
        self._topic = topic(Kind.LOGS, dataset)
        self._admin = kafka_admin(settings)
        self._partitions = sorted(self._admin.list_topics(self._topic, timeout=10).topics[self._topic].partitions)

    def look(self) -> Look:
        """Kafka first: what a store takes between the two readings makes it no further behind than it was."""
        from confluent_kafka import TopicPartition
        from confluent_kafka.admin import OffsetSpec

        asked = {TopicPartition(self._topic, number): OffsetSpec.latest() for number in self._partitions}
        ends = [done.result(10).offset for done in self._admin.list_offsets(asked, request_timeout=10).values()]
        stored = {store: self._place(sink) for store, sink in SINKS.items()}
        return Look(time.monotonic(), sum(ends), stored)

    def _place(self, sink: str) -> int:
        rows = self._connection.execute(
            sql("ledger/places.sql", sink=sink).encode(), {"topics": [self._topic]}
        ).fetchall()
        return sum(place for _, _, place in rows)


@dataclass(frozen=True)
class Growth:
    """Messages a second by which a backlog grows, and the least that its scatter leaves likely (one-sided 95 %)."""

    slope: float
    low: float


def growth(looks: Sequence[Look], store: str) -> Growth | None:
    """How the backlog grows over these looks: least squares over the looks that follow a step.

    A store takes messages in steps, and between two steps its backlog always grows, so the others tell nothing. Where
    the steps fall is chance, so a slope without its uncertainty would call many a steady backlog a growing one. None
    with fewer than three steps.
    """
    from scipy import stats

    steps = [now for before, now in pairwise(looks) if now.stored[store] > before.stored[store]]
    if len(steps) < _STEPS_FOR_A_SLOPE:
        return None
    seconds = [look.seconds - steps[0].seconds for look in steps]
    line = stats.linregress(seconds, [float(look.behind(store)) for look in steps])
    likely = stats.t.ppf(0.95, len(steps) - 2) * line.stderr
    return Growth(float(line.slope), float(line.slope - likely))


def complaints(looks: Sequence[Look], drained_seconds: float | None, limit_seconds: float) -> list[str]:
    """Why the stores did not keep up with what was sent during `looks`; empty when they did.

    The growth is that of the last half, or of the whole where a store took too few steps in that half.
    `drained_seconds`: from the last send until both had all, None when that did not come in time.
    """
    found = []
    half = list(looks)[len(looks) // 2 :]
    sent = (half[-1].written - half[0].written) / max(half[-1].seconds - half[0].seconds, 1e-9) if half else 0.0
    for store in SINKS:
        grown = growth(half, store) or growth(looks, store)
        if grown is None:
            found.append(f"{store} took less than three steps, too few to tell whether it keeps up")
        elif grown.slope > GROWTH_SHARE * sent and grown.low > 0:
            found.append(f"the backlog of {store} grew by {grown.slope / max(sent, 1e-9):.0%} of what was sent")
    if drained_seconds is None or drained_seconds > limit_seconds:
        found.append(f"the backlog was not drained within {limit_seconds:g} s")
    return found
