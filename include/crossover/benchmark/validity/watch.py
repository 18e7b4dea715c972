"""What goes on around a cell while it is measured: clocks, other load, other benchmarks, settings, statistics.

A look costs some milliseconds and is taken outside of every clock. What a look cannot see it leaves open.
"""

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from psycopg import OperationalError
from psycopg.rows import class_row

from crossover.benchmark.measure import Question
from crossover.benchmark.results import Evidence
from crossover.benchmark.validity.machine import Scout, Seen, Shares, shares
from crossover.engines.workers import Worker
from crossover.engines.workers import since as done_since
from crossover.errors import CrossoverError
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

# ANALYZE estimates rows from a sample and is some per cent off; a planner that is further off has seen other data.
MOST_ROWS_OFF = 0.10
# "xover" in letters of a telephone: the first half of the key of the lock that tells of a benchmark.
LOCK_KEY = 96837
_NAME = "crossover-benchmark"


@runtime_checkable
class HasWorkers(Protocol):
    """An engine whose work is done by executors."""

    def workers(self) -> list[Worker] | None:
        """What each has done since it started; None when there are none by design."""
        ...


@dataclass(frozen=True)
class Look:
    """A moment before a cell; opaque to the caller."""

    at: datetime
    wall: float
    steady: float
    seen: Seen | None
    others: tuple[str, ...]


@dataclass(frozen=True)
class Believed:
    """What the planner believes of a table or partition; `rows` is negative when it was never analysed."""

    name: str
    leaf: bool
    rows: float


class Watch:
    """Watches one run. `connection` must be in autocommit mode; set it anew after the server was restarted."""

    def __init__(self, connection: "psycopg.Connection[Any]", settings: Settings, run_id: str) -> None:
        self.connection, self.run_id = connection, run_id
        self._scout = Scout(settings.home, os.getpid())
        self._workers: dict[str, list[Worker] | None] = {}

    def look(self, questions: Sequence[Question]) -> Look:
        """Look before a cell. The first look at an engine also notes what its executors have done so far."""
        for question in questions:
            name = question.engine.name
            if name not in self._workers and isinstance(question.engine, HasWorkers):
                self._workers[name] = question.engine.workers()
        others = other_runs(self.connection)
        seen = self._scout.look(self.connection.info.backend_pid)
        return Look(datetime.now(UTC), time.time(), time.monotonic(), seen, others)

    def since(self, look: Look, questions: Sequence[Question], *, deep: bool = False) -> list[Evidence]:
        """What happened since the look, one entry a question; the caller adds what it knows of caches and budgets.

        `deep` also asks the engines for their settings (against `question.configuration`) and for what their executors
        have done since this watch began: it costs up to a second, so ask once at the end of a run or of a size.
        """
        steady, wall = time.monotonic() - look.steady, time.time() - look.wall
        seen = self._scout.look(self.connection.info.backend_pid)
        load = shares(look.seen, seen) if look.seen and seen else Shares(None, None)
        others = tuple(sorted({*look.others, *other_runs(self.connection)}))
        return [
            Evidence(
                started_at=look.at,
                seconds=steady,
                steal=load.steal,
                foreign=load.foreign,
                clock_jump_seconds=wall - steady,
                other_runs=others,
                configuration_changed=configuration_changes(question) if deep else (),
                stale_statistics=self._stale(question),
                idle_workers=self._idle(question) if deep else (),
            )
            for question in questions
        ]

    def _stale(self, question: Question) -> tuple[str, ...]:
        target = question.target
        return stale_statistics(self.connection, target.relation, target.rows) if target.engine == "postgres" else ()

    def _idle(self, question: Question) -> tuple[str, ...]:
        before, engine = self._workers.get(question.engine.name), question.engine
        if before is None or not isinstance(engine, HasWorkers):
            return ()
        return idle_workers(done_since(before, engine.workers() or []))


def configuration_changes(question: Question) -> tuple[str, ...]:
    """Names of the settings that are not what they were when the run began, sorted."""
    try:
        now = question.engine.configuration()
    except CrossoverError as error:
        return (f"could not be asked: {error.message}",)
    before = question.configuration
    return tuple(sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name)))


def idle_workers(done: Sequence[Worker]) -> tuple[str, ...]:
    """Living executors that did nothing while others worked. If none worked, the answers came from metadata."""
    worked = any(worker.tasks for worker in done)
    return tuple(worker.name for worker in done if worked and worker.alive and not worker.tasks)


def stale_statistics(connection: "psycopg.Connection[Any]", relation: str, rows: int) -> tuple[str, ...]:
    """What the planner does not know of a PostgreSQL table of `rows` rows, in words; empty when it knows them well."""
    with connection.cursor(row_factory=class_row(Believed)) as cursor:
        known = cursor.execute(sql("benchmark/statistics_age.sql").encode(), {"relation": relation}).fetchall()
    return unknown_rows(known, relation, rows)


def unknown_rows(known: Sequence[Believed], relation: str, rows: int) -> tuple[str, ...]:
    """The same from what the planner believes of the table and each of its partitions."""
    if not known:
        return (f"there is no table {relation}",)
    never = [table.name for table in known if table.rows < 0]
    found = [f"{', '.join(never[:3])} {'and others ' if len(never) > 3 else ''}never analysed"] if never else []
    believed = sum(max(0.0, table.rows) for table in known if table.leaf)
    if abs(believed - rows) > MOST_ROWS_OFF * rows:
        found.append(f"{relation} is believed to have {believed:,.0f} rows and has {rows:,}")
    return tuple(found)


def other_runs(connection: "psycopg.Connection[Any]") -> tuple[str, ...]:
    """The other benchmarks that measure in this database at the moment, by name and process."""
    found = connection.execute(sql("benchmark/measuring_others.sql").encode(), {"key": LOCK_KEY}).fetchall()
    return tuple(f"{name.removeprefix(_NAME).strip() or 'without a name'} (process {pid})" for pid, name in found)


@contextmanager
def exclusive(connection: "psycopg.Connection[Any]", run_id: str) -> Iterator[tuple[str, ...]]:
    """Tell other benchmarks that this one measures, while the block lasts; gives those that measure already.

    Nobody is kept out: both see each other at each look, and both runs are marked. `connection` must be in autocommit
    mode and live through the block; when its server is restarted, the mark is gone with it.
    """
    former = connection.info.parameter_status("application_name") or _NAME
    name = {"key": LOCK_KEY, "name": f"{_NAME} {run_id}"[:63]}
    connection.execute(sql("benchmark/measuring_begin.sql").encode(), name)
    others = other_runs(connection)
    for other in others:
        log.warning("another benchmark measures at the same time: %s; neither run will be valid", other)
    try:
        yield others
    finally:
        try:
            connection.execute(sql("benchmark/measuring_end.sql").encode(), {"key": LOCK_KEY, "name": former})
        except OperationalError as error:
            log.info("the mark of this benchmark went with its session: %s", error)
