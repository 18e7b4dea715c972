"""Freshness: from a record's acknowledgement to the moment at which a reader of the store can see it.

Both stores are polled for what becomes visible as a whole: PostgreSQL for the loader's offsets, which change in the
transaction that brings the rows; the lake for its snapshots. Which of them brought a probe is read afterwards, so
that looking costs the stores next to nothing however many probes are under way. All times are of one clock.
"""

import contextlib
import logging
import secrets
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from crossover.benchmark.results import Figure
from crossover.benchmark.write.line import Line
from crossover.benchmark.write.open_loop import Sent, live_source
from crossover.benchmark.write.stopping import check
from crossover.connections import connect_postgres, connect_spark
from crossover.errors import ServiceDown, ServiceTimeout
from crossover.generate.post import Answer, IngestClient
from crossover.job import Progress
from crossover.lake.catalog import table_name
from crossover.records import Kind, event_id, topic
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)

POSTGRES_POLL_SECONDS, LAKE_POLL_SECONDS = 0.01, 0.05
PROBE_SECONDS = 0.25
LAST_PROBE_SECONDS = 120.0


@dataclass(frozen=True)
class Plan:
    """Background records a second, for how long, and how they are sent."""

    rate: float
    seconds: float
    batch: int
    connections: int


@dataclass
class Sightings:
    """When each key was first seen by a poll (monotonic seconds), and how long the polls were apart."""

    first_seen: dict[Any, float] = field(default_factory=dict)
    gaps: list[float] = field(default_factory=list)

    def take(self, keys: Iterable[Any], seconds: float) -> None:
        """Keep the keys that are new."""
        for key in keys:
            self.first_seen.setdefault(key, seconds)

    @property
    def resolution(self) -> float:
        """A sighting is at most so late: the 99th percentile of the distance between two polls."""
        return float(np.quantile(self.gaps, 0.99)) if self.gaps else 0.0


def seen_by_offset(places: Mapping[str, tuple[int, int]], steps: Mapping[tuple[int, int], float]) -> dict[str, float]:
    """When each probe was first below its partition's next offset.

    `places`: event_id -> (Kafka partition, offset). `steps`: (partition, next offset) -> when that was first seen.
    """
    rising: dict[int, list[tuple[int, float]]] = {}
    for (partition, following), seconds in sorted(steps.items()):
        rising.setdefault(partition, []).append((following, seconds))
    found = {}
    for probe, (partition, offset) in places.items():
        row = rising.get(partition, [])
        at = bisect_left(row, offset + 1, key=lambda step: step[0])
        if at < len(row):
            found[probe] = row[at][1]
    return found


def delays(acked: Mapping[str, float], seen: Mapping[str, float], store: str) -> tuple[float, ...]:
    """Seconds from acknowledgement to sight, in the probes' order; 0 for what was seen before its answer came.

    Raises ServiceTimeout when a probe was never seen.
    """
    lost = [probe for probe in acked if probe not in seen]
    if lost:
        raise ServiceTimeout(f"{len(lost)} of {len(acked)} probes were never seen in {store}, {lost[0]} the first")
    return tuple(max(seen[probe] - answered, 0.0) for probe, answered in acked.items())


class Poller:
    """Calls `look` again and again in a thread of its own; `look` returns the keys that can be seen now."""

    def __init__(self, look: Callable[[], Iterable[Any]], every_seconds: float) -> None:
        self.sightings, self._look, self._every = Sightings(), look, every_seconds
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """What is there already is taken in before the first probe is sent."""
        self.sightings.take(self._look(), time.monotonic())
        self._thread.start()

    def end(self) -> Sightings:
        """Stop, and raise what ended the thread early."""
        self._ended.set()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self.sightings

    def _run(self) -> None:
        try:
            last = time.monotonic()
            while not self._ended.wait(self._every):
                keys = list(self._look())
                now = time.monotonic()
                self.sightings.take(keys, now)
                self.sightings.gaps.append(now - last)
                last = now
        except Exception as error:  # noqa: BLE001 (raised by end(), in the thread that wants the result)
            self._error = error
            self._ended.set()


def measure(line: Line, plan: Plan) -> list[Figure]:
    """One probe each quarter of a second beside the background; figures `freshness` of both stores. Raises Stopped."""
    table = table_name(line.settings, line.dataset, Kind.LOGS)
    with contextlib.ExitStack() as stack:
        polled = stack.enter_context(connect_postgres(line.settings, application="benchmark", autocommit=True))
        spark = connect_spark(line.settings)
        stack.callback(spark.stop)
        pollers = {
            "postgres": Poller(lambda: _steps(polled, line.dataset), POSTGRES_POLL_SECONDS),
            "lake": Poller(lambda: _snapshots(spark, table), LAKE_POLL_SECONDS),
        }
        try:
            for poller in pollers.values():
                poller.start()
            acked, background = _probe(line, plan)
            if line.drain(LAST_PROBE_SECONDS) is None:
                raise ServiceTimeout(f"the last probes were not stored within {LAST_PROBE_SECONDS:.0f} s")
            # The place that a store tells comes with its rows or after them, so every probe has been seen but for the
            # poll under way.
            line.stop.wait(2 * max(poller.sightings.resolution for poller in pollers.values()))
        finally:
            sightings = {store: poller.end() for store, poller in pollers.items()}
        seen = {
            "postgres": seen_by_offset(_places(polled, line.dataset, acked), sightings["postgres"].first_seen),
            "lake": _seen_in_lake(spark, table, acked, sightings["lake"].first_seen),
        }
    return [_figure(store, delays(acked, seen[store], store), sightings[store], background) for store in pollers]


def _figure(store: str, samples: Sequence[float], sightings: Sightings, background: Sent) -> Figure:
    missed = f" ({background.missed:,} missed)" if background.missed else ""
    note = (
        f"every probe, beside {background.acked / background.seconds:,.0f} records/s{missed}; p50 "
        f"{np.quantile(samples, 0.5):.3g} s, p99 {np.quantile(samples, 0.99):.3g} s; seen at most "
        f"{sightings.resolution:.3g} s late (polling)"
    )
    log.info("freshness of %s: %s", store, note)
    return Figure("freshness", {"store": store}, "s", tuple(samples), note)


def _probe(line: Line, plan: Plan) -> tuple[dict[str, float], Sent]:
    """Send probes beside the background; event_id -> when its acknowledgement came (monotonic seconds)."""
    producer, acked = f"probe-{secrets.token_hex(4)}", dict[str, float]()
    source = live_source(producer, 1, seed=0)
    background = line.loop(plan.rate, plan.seconds, batch=plan.batch, connections=plan.connections)
    client = IngestClient(line.settings.ingest.url, line.dataset)
    progress, rng = Progress("probes", int(plan.seconds / PROBE_SECONDS)), np.random.default_rng(0)
    background.start()
    try:
        while background.running and not line.stop.is_set():
            batch = source.take()
            assert batch is not None, "the source has no end"
            answer = client.post(batch)
            if not isinstance(answer, Answer) or answer.accepted != 1:
                raise ServiceDown(f"a probe was not acknowledged: {answer}", cure="a lower rate; crossover status")
            acked[event_id(producer, len(acked))] = time.monotonic()
            progress.update(len(acked))
            # Not in step with the loader's and the stream's own rhythm.
            line.stop.wait(PROBE_SECONDS * rng.uniform(0.5, 1.5))
    finally:
        client.close()
        sent = background.join()
    check(line.stop)
    if sent.unacked:
        raise ServiceDown(
            f"{sent.unacked:,} background records were not acknowledged: {sent.problem}", cure="a lower --background"
        )
    return acked, sent


def _steps(connection: "psycopg.Connection[Any]", dataset: str) -> list[tuple[int, int]]:
    found = connection.execute(
        sql("dataset/next_offsets.sql").encode(), {"topics": [topic(Kind.LOGS, dataset)]}
    ).fetchall()
    return [(partition, following) for _, partition, following in found]


def _places(connection: "psycopg.Connection[Any]", dataset: str, probes: Iterable[str]) -> dict[str, tuple[int, int]]:
    statement = sql("benchmark_write/probe_places.sql", relation=f"{dataset}.{Kind.LOGS}")
    rows = connection.execute(statement.encode(), {"probes": list(probes)}).fetchall()
    return {probe: (partition, offset) for probe, partition, offset in rows}


def _snapshots(spark: "SparkSession", table: str) -> list[int]:
    return [row["snapshot_id"] for row in spark.sql(sql("benchmark_write/lake_snapshots.sql", table=table)).collect()]


def _seen_in_lake(
    spark: "SparkSession", table: str, probes: Iterable[str], first_seen: Mapping[int, float]
) -> dict[str, float]:
    producer = next(iter(probes)).rpartition(":")[0]
    statement = sql("benchmark_write/probe_snapshots.spark.sql", table=table)
    rows = spark.sql(statement, args={"prefix": f"{producer}:"}).collect()
    return {row["event_id"]: first_seen[row["snapshot_id"]] for row in rows if row["snapshot_id"] in first_seen}
