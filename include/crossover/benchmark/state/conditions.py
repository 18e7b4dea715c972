"""What else goes on while cells are measured: really made, and proven from counters that it held.

`ingesting`: records flow at a stated rate through HTTP into a dataset of their own, and from Kafka into both stores.
`compacting`: small files of the lake are rewritten again and again through the Spark Connect server that also answers
the questions. `both` is both; `idle` is nothing.
"""

import logging
import re
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec

from psycopg.rows import class_row

from crossover.benchmark.state.children import Child
from crossover.benchmark.state.noise import noise_dataset
from crossover.connections import connect_postgres, spark_home
from crossover.errors import BadSetting, MissingPrerequisite, ServiceError, ServiceTimeout
from crossover.lake.catalog import require_jars
from crossover.records import Kind, topic
from crossover.settings import Settings, checkout
from crossover.sql import sql

log = logging.getLogger(__name__)

CONDITIONS = ("idle", "ingesting", "compacting", "both")
READY_SECONDS, POLL_SECONDS = 240.0, 0.5
MINUTES = 12 * 60
"""What is started ends by itself after so long, should this process be killed and unable to end it."""
ENOUGH_OF_THE_RATE = 0.8
RATE_AFTER_SECONDS = 10.0
"""The generator tells its tally every three seconds; over less than this no rate can be told."""
PATIENCE = {"ingest": 15.0, "PostgreSQL": 15.0, "the lake": 45.0, "compaction": 120.0}
"""A place that has not moved for so many seconds has stopped. The slowest has a commit of Spark's in between."""
_REWRITE = re.compile(r"rewrite (\d+) took")


@dataclass(frozen=True)
class Places:
    """How far the generator's records have come; ages = seconds since a place last moved, None = never."""

    acknowledged: int = 0
    missed: int = 0
    acknowledged_age: float | None = None
    postgres_rows: int = 0
    postgres_age: float | None = None
    lake_messages: int = 0
    lake_age: float | None = None


@dataclass(frozen=True)
class Look:
    """What could be seen at monotonic time `at` (seconds): the places, rewrites finished, and who has died."""

    at: float
    places: Places = Places()
    rewrites: int = 0
    rewrite_age: float | None = None
    dead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Held:
    """What went on during `seconds`; it was the condition as asked unless there are `reasons`.

    Counts are None where the condition has no such part. `commits` are Kafka messages that the stream committed into
    the lake, `missed` records that the generator could not send in time.
    """

    condition: str
    seconds: float
    acknowledged: int | None = None
    missed: int | None = None
    postgres_rows: int | None = None
    commits: int | None = None
    rewrites: int | None = None
    reasons: tuple[str, ...] = ()

    @property
    def held(self) -> bool:
        """True if the condition held."""
        return not self.reasons

    @property
    def words(self) -> str:
        """One line for people."""
        parts = []
        if self.acknowledged is not None:
            parts.append(
                f"{self.acknowledged:,} records acknowledged, {self.postgres_rows:,} rows into PostgreSQL, "
                f"{self.commits:,} messages into the lake"
            )
        if self.rewrites is not None:
            parts.append(f"{self.rewrites:,} rewrites finished")
        what = "; ".join([*parts, *self.reasons]) or "nothing else was started"
        return f"{self.condition} for {self.seconds:.1f} s: {what}"


def has_ingest(condition: str) -> bool:
    """Whether records flow in this condition. Raises BadSetting for a word that is none."""
    return _checked(condition) in ("ingesting", "both")


def has_compaction(condition: str) -> bool:
    """Whether files are rewritten in this condition. Raises BadSetting for a word that is none."""
    return _checked(condition) in ("compacting", "both")


def _checked(condition: str) -> str:
    if condition not in CONDITIONS:
        raise BadSetting(f"unknown condition {condition!r}", cure=f"choose from: {', '.join(CONDITIONS)}")
    return condition


def unavailable(condition: str, settings: Settings) -> str:
    """Why this condition cannot be made here, in plain words; empty if it can. Raises BadSetting."""
    if has_ingest(condition):
        try:
            spark_home()
            require_jars(settings)
        except MissingPrerequisite as error:
            return f"no stream into the lake can be run here: {error.message}"
        if checkout() is None and find_spec("spark_jobs") is None:
            return "no stream into the lake can be run here: its job (spark_jobs) is not installed"
    return ""


def judge(condition: str, rate: float, before: Look, after: Look) -> Held:
    """Whether the condition held between two looks, and by which counts. `rate` in records a second."""
    reasons = [f"{name}" for name in after.dead]
    seconds = after.at - before.at
    counts: dict[str, int] = {}
    if has_ingest(condition):
        old, new = before.places, after.places
        counts |= {
            "acknowledged": new.acknowledged - old.acknowledged,
            "missed": new.missed - old.missed,
            "postgres_rows": new.postgres_rows - old.postgres_rows,
            "commits": new.lake_messages - old.lake_messages,
        }
        reasons += _stood_still("ingest", new.acknowledged_age, "took no record")
        reasons += _stood_still("PostgreSQL", new.postgres_age, "got no row")
        reasons += _stood_still("the lake", new.lake_age, "got no commit")
        reasons += _too_slow(rate, before, after)
    if has_compaction(condition):
        counts["rewrites"] = after.rewrites - before.rewrites
        reasons += _stood_still("compaction", after.rewrite_age, "finished no rewrite")
    return Held(condition, seconds, **counts, reasons=tuple(reasons))


def _stood_still(place: str, age: float | None, what: str) -> list[str]:
    if age is None:
        return [f"{place} {what} at all"]
    return [f"{place} {what} for the last {age:.0f} s"] if age > PATIENCE[place] else []


def _too_slow(rate: float, before: Look, after: Look) -> list[str]:
    # The tally is as old as its age says: the time between two tallies counts, not that between the looks.
    ages = (before.places.acknowledged_age or 0.0, after.places.acknowledged_age or 0.0)
    seconds = (after.at - ages[1]) - (before.at - ages[0])
    if seconds < RATE_AFTER_SECONDS:
        return []
    reached = (after.places.acknowledged - before.places.acknowledged) / seconds
    if reached >= ENOUGH_OF_THE_RATE * rate:
        return []
    return [f"{reached:,.0f} records/s were acknowledged, {rate:,.0f} were asked for"]


class Interference:
    """A condition that is being made. Looks and judgements may be taken as often as wanted, by one thread."""

    def __init__(self, condition: str, rate: float, places: Callable[[], Places]) -> None:
        self.condition, self.rate = condition, rate
        self._places, self._children = places, list[Child]()
        self._rewrites, self._rewritten_at = 0, 0.0
        self.began = Look(time.monotonic())

    def watch(self, child: Child) -> Child:
        """Count this child's death as the condition's end."""
        self._children.append(child)
        return child

    def count_rewrite(self, line: str) -> None:
        """Take note of a line of the compacting process."""
        if found := _REWRITE.search(line):
            self._rewrites, self._rewritten_at = int(found[1]), time.monotonic()

    def look(self) -> Look:
        """What can be seen now. Raises ServiceDown."""
        places = self._places() if has_ingest(self.condition) else Places()
        now = time.monotonic()
        age = now - self._rewritten_at if self._rewrites else None
        dead = tuple(filter(None, (child.failure() for child in self._children)))
        return Look(now, places, self._rewrites, age, dead)

    def since(self, look: Look) -> Held:
        """Whether the condition has held since that look."""
        return judge(self.condition, self.rate, look, self.look())

    def evidence(self) -> Held:
        """Whether the condition has held since it was made."""
        return self.since(self.began)

    def wait_until_made(self, stop: threading.Event, *, timeout_seconds: float = READY_SECONDS) -> None:
        """Return when records have reached both stores and a rewrite has been finished, as far as wanted.

        Raises ServiceError when a child dies or `stop` is set, ServiceTimeout after `timeout_seconds`.
        """
        first = self.look()
        deadline = time.monotonic() + timeout_seconds
        while waiting := self._not_yet(first, now := self.look()):
            if now.dead:
                raise ServiceError(f"condition {self.condition} cannot be made: {'; '.join(now.dead)}")
            if time.monotonic() > deadline:
                raise ServiceTimeout(
                    f"condition {self.condition}: {', '.join(waiting)} after {timeout_seconds:g} s",
                    cure="crossover status",
                )
            if stop.wait(POLL_SECONDS):
                raise ServiceError(f"stopped while condition {self.condition} was being made")
        self.began = now

    def _not_yet(self, first: Look, now: Look) -> list[str]:
        waiting = []
        if has_ingest(self.condition):
            old, new = first.places, now.places
            waiting += ["no record is acknowledged"] * (new.acknowledged <= old.acknowledged)
            waiting += ["no row has reached PostgreSQL"] * (new.postgres_rows <= old.postgres_rows)
            waiting += ["no commit has reached the lake"] * (new.lake_messages <= old.lake_messages)
        if has_compaction(self.condition):
            waiting += ["no rewrite is finished"] * (now.rewrites == 0)
        return waiting


@contextmanager
def during(
    condition: str,
    settings: Settings,
    stop: threading.Event,
    *,
    rate: float,
    dataset: str,
) -> Iterator[Interference]:
    """Make the condition, hold it for the length of the block, and end all of it afterwards, whatever happens.

    `rate`: records a second for `ingesting`. `dataset`: the one that is measured; a copy of some of its records is what
    `compacting` rewrites. What is made is dropped in the end.

    Raises:
        BadSetting: no such condition, or a rate that is not above 0.
        MissingPrerequisite: it is not available here.
        ServiceError: it could not be made, or `stop` was set before it was.
    """
    reason = unavailable(condition, settings)
    if reason:
        raise MissingPrerequisite(f"condition {condition} is not available here: {reason}")
    if has_ingest(condition) and not rate > 0:
        raise BadSetting(f"condition {condition} at {rate:g} records/s: the rate must be above 0")
    producer = f"noise-{secrets.token_hex(4)}"
    with ExitStack() as stack:
        noise = stack.enter_context(noise_dataset(settings)) if has_ingest(condition) else ""
        made = Interference(condition, rate, lambda: read_places(producer, noise, settings))
        if has_ingest(condition):
            stack.enter_context(made.watch(Child("the stream", stream_argv(noise))))
            stack.enter_context(made.watch(Child("the generator", generator_argv(noise, producer, rate))))
        if has_compaction(condition):
            argv = rewriting_argv(dataset)
            stack.enter_context(made.watch(Child("compaction", argv, on_line=made.count_rewrite, grace_seconds=120)))
        made.wait_until_made(stop)
        if condition != "idle":
            log.info("condition %s is made", condition)
        yield made
    if condition != "idle":
        log.info("condition %s is ended", condition)


def stream_argv(noise: str) -> list[str]:
    """The stream from Kafka into the lake."""
    limits = ["--mode", "continuous", "--max-minutes", str(MINUTES)]
    return [sys.executable, "-m", "spark_jobs.stream_logs", "--dataset", noise, *limits]


def generator_argv(noise: str, producer: str, rate: float) -> list[str]:
    """The generator: about ten requests a second, so that records flow instead of coming in gushes."""
    logs, batch = max(1, round(rate * 60 * MINUTES)), min(1000, max(1, round(rate / 10)))
    sending = ["--producer", producer, "--rate", f"{rate:g}", "--logs", str(logs), "--batch", str(batch)]
    return [sys.executable, "-m", "crossover.cli", "generate", "--dataset", noise, *sending]


def rewriting_argv(dataset: str) -> list[str]:
    """The loop of rewrites."""
    own = ["--dataset", dataset, "--max-minutes", str(MINUTES)]
    return [sys.executable, "-m", "crossover.cli", "benchmark", "recompact", *own]


def read_places(producer: str, noise: str, settings: Settings) -> Places:
    """What PostgreSQL tells of the generator's records. Raises ServiceDown."""
    wanted = {"producer": producer, "topic": topic(Kind.LOGS, noise)}
    with (
        connect_postgres(settings, application="benchmark") as connection,
        connection.cursor(row_factory=class_row(Places)) as cursor,
    ):
        found = cursor.execute(sql("benchmark/condition_counts.sql").encode(), wanted).fetchone()
    return found or Places()
