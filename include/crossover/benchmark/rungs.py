"""The ladder: one size is the same prefix of the same Kafka partitions in both stores, and that is proven."""

import hashlib
import logging
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from psycopg.rows import dict_row

from crossover import fingerprint
from crossover.benchmark.measure import Target
from crossover.benchmark.results import LAYOUTS, Rung, load_rungs, save_rung
from crossover.errors import ServiceTimeout
from crossover.job import Progress
from crossover.lake import layouts
from crossover.records import Kind, topic
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg
    from pyspark.sql import SparkSession

log = logging.getLogger(__name__)

STALLED_SECONDS = 60.0


@dataclass(frozen=True)
class Ladder:
    """The services and names that all sizes of one run share. `connection` must be in autocommit mode."""

    connection: "psycopg.Connection[Any]"
    spark: "SparkSession"
    settings: Settings
    run_id: str
    dataset: str
    stop: threading.Event

    @property
    def lake_table(self) -> str:
        """The dataset's table in the lake."""
        return f"{self.settings.lake.catalog}.{self.dataset}.{Kind.LOGS}"

    @cached_property
    def snapshots(self) -> list[layouts.Snapshot]:
        """The states in which the lake has had the table; a benchmark runs on records that have stopped coming."""
        return layouts.snapshots(self.spark, self.lake_table)

    def snapshot(self, size: int) -> layouts.Snapshot:
        """The one that comes nearest to so many rows. Raises BadInput when the lake holds fewer."""
        return layouts.nearest(self.snapshots, size, self.lake_table)


def schema_of(run_id: str) -> str:
    """The schema of a run's copies: any run id makes a safe and distinct name."""
    digest = hashlib.sha256(run_id.encode()).hexdigest()[:8]
    return f"bench_{re.sub(r'[^a-z0-9]+', '_', run_id.lower())[:40].strip('_')}_{digest}"


def prepare(ladder: Ladder, size: int, layout: str, engines: Sequence[str]) -> list[Target] | None:
    """Make one size in one layout in both stores, or find it made; None when stopped while waiting.

    Another job of the same run that prepares at the same time is waited for.

    Raises:
        BadInput: the lake holds fewer rows than `size`.
        ServiceTimeout: PostgreSQL does not catch up with the lake.
        StoresDiffer: the stores do not hold the same rows at this size.
    """
    key = {"run_id": ladder.run_id}
    ladder.connection.execute(sql("benchmark/rung_lock.sql").encode(), key)
    try:
        return _prepared(ladder, size, layout, engines)
    finally:
        ladder.connection.execute(sql("benchmark/rung_unlock.sql").encode(), key)


def _prepared(ladder: Ladder, size: int, layout: str, engines: Sequence[str]) -> list[Target] | None:
    snapshot = ladder.snapshot(size)
    if snapshot.rows > size * 1.5:
        log.warning("size %s: the lake's first snapshot of so many rows holds %s", f"{size:,}", f"{snapshot.rows:,}")
    name = f"{schema_of(ladder.run_id)}.{Kind.LOGS}_{size}"
    rung = _made(ladder, name, size, snapshot.snapshot_id)
    if rung is None:
        bounds = layouts.bounds(ladder.spark, ladder.lake_table, snapshot.snapshot_id)
        if not wait_for_postgres(ladder, bounds):
            return None
        rung = _make(ladder, name, size, snapshot.snapshot_id, bounds)
    if layout == "fragmented":
        lake = layouts.at_snapshot(ladder.lake_table, snapshot)
    else:
        lake = layouts.compacted(ladder.spark, ladder.settings, ladder.lake_table, snapshot, ladder.run_id, size)
    rung = _proven(ladder, rung, lake, layout)
    set_indexes(ladder.connection, name, indexed=layout != "fragmented", trigrams=_wants_trigrams(ladder))
    words = LAYOUTS[layout]
    row_store = Target("postgres", words["postgres"], name, rung.rows, _bytes_of(ladder.connection, name), None)
    return [
        row_store
        if engine == "postgres"
        else Target(engine, words[engine], lake.sql, lake.rows, lake.bytes, lake.files)
        for engine in engines
    ]


def wait_for_postgres(ladder: Ladder, bounds: dict[int, int], *, stalled_seconds: float = STALLED_SECONDS) -> bool:
    """Wait until the loader has passed these offsets; False when stopped.

    Raises:
        ServiceTimeout: the loader has not moved for `stalled_seconds`.
    """
    query, wanted = sql("benchmark/sink_offsets.sql").encode(), {"topic": topic(Kind.LOGS, ladder.dataset)}
    progress, at_first, best, moved = Progress("messages that PostgreSQL lacks", None), None, None, time.monotonic()
    while True:
        reached = dict(ladder.connection.execute(query, wanted).fetchall())
        behind = sum(max(0, last + 1 - reached.get(partition, 0)) for partition, last in bounds.items())
        if behind == 0:
            return True
        at_first = at_first or behind
        if best is None or behind < best:
            best, moved = behind, time.monotonic()
        if time.monotonic() - moved > stalled_seconds:
            raise ServiceTimeout(
                f"PostgreSQL is {behind:,} Kafka messages behind the lake and has not moved for {stalled_seconds:g} s",
                cure="crossover status; then the loader's log",
            )
        progress.update(at_first - behind, f"({behind:,} to go)")
        if ladder.stop.wait(0.2):
            return False


def copy_rows(connection: "psycopg.Connection[Any]", source: str, table: str, bounds: dict[int, int]) -> None:
    """Make `table` anew with the rows of `source` up to the last offset of each Kafka partition (heap, no index)."""
    names = {"schema": table.partition(".")[0], "table": table}
    with connection.transaction():
        connection.execute(sql("benchmark/rung_table.sql", source=source, **names).encode())
        with connection.cursor(row_factory=dict_row) as cursor:
            days = cursor.execute(sql("benchmark/rung_days.sql").encode(), {"source": source}).fetchall()
        for day in days:
            leaf = f"{table}_{str(day['name']).rpartition('_')[2]}"
            connection.execute(sql("benchmark/rung_day.sql", day=leaf, table=table, bound=day["bound"]).encode())
            filled = connection.execute(
                sql("benchmark/rung_fill.sql", day=leaf, source=day["source"]).encode(),
                {"partitions": list(bounds), "offsets": list(bounds.values())},
            )
            if filled.rowcount == 0:
                connection.execute(sql("benchmark/rung_drop_table.sql", table=leaf).encode())
    connection.execute(sql("benchmark/rung_vacuum.sql", table=table).encode())


def set_indexes(connection: "psycopg.Connection[Any]", table: str, *, indexed: bool, trigrams: bool) -> None:
    """Bring the table into layout indexed or heap; does nothing when it is there already."""
    found = connection.execute(sql("benchmark/rung_index_names.sql").encode(), {"table": table}).fetchall()
    if indexed == bool(found):
        return
    with connection.transaction():
        for (index,) in found:
            connection.execute(sql("benchmark/rung_drop_index.sql", index=index).encode())
        if indexed:
            connection.execute(sql("benchmark/rung_indexes.sql", table=table).encode())
            if trigrams:
                connection.execute(sql("benchmark/rung_trigrams.sql", table=table).encode())


def drop_copies(ladder: Ladder) -> None:
    """Drop all of the run's copies in both stores; its results stay."""
    ladder.connection.execute(sql("benchmark/rung_drop.sql", schema=schema_of(ladder.run_id)).encode())
    layouts.drop_clones(ladder.spark, ladder.settings, ladder.run_id)


def _make(ladder: Ladder, name: str, size: int, snapshot_id: int, bounds: dict[int, int]) -> Rung:
    kind = Kind.LOGS
    copy_rows(ladder.connection, f"{ladder.dataset}.{kind}", name, bounds)
    held = fingerprint.of_postgres(ladder.connection, name, kind)
    return Rung(size, kind, held.rows, snapshot_id, bounds, name, str(held.hash_sum))


def _proven(ladder: Ladder, rung: Rung, lake: layouts.Relation, layout: str) -> Rung:
    """The rung with a proof for this layout that stands. A proof costs a read of all rows, so it is kept.

    It names the lake's immutable state and the transaction that has written all rows of the copy: a row that somebody
    has changed, added or taken away since makes it void.
    """
    what = f"{rung.size_rows:,} rows, {layout}"
    written = _one(ladder.connection, sql("benchmark/rung_written.sql", table=rung.postgres_table))
    state = f"{lake.sql}; {written}"
    if rung.proofs.get(layout) == state:
        log.info("%s: proven equal before, and nothing was written since", what)
        return rung
    if any(proof.rpartition("; ")[2] != state.rpartition("; ")[2] for proof in rung.proofs.values()):
        held = fingerprint.of_postgres(ladder.connection, rung.postgres_table, Kind(rung.kind))
        rung = replace(rung, rows=held.rows, fingerprint=str(held.hash_sum), proofs={})
    _require_equal(ladder, rung, lake.sql, what)
    proven = replace(rung, proofs={**rung.proofs, layout: state})
    save_rung(ladder.connection, ladder.run_id, proven)
    return proven


def _require_equal(ladder: Ladder, rung: Rung, relation: str, what: str) -> None:
    mine = fingerprint.Fingerprint(rung.rows, int(rung.fingerprint))
    other = fingerprint.of_lake(ladder.spark, relation, Kind(rung.kind))
    if mine != other:
        for day in fingerprint.differing_days(
            fingerprint.days_of_postgres(ladder.connection, rung.postgres_table, Kind(rung.kind)),
            fingerprint.days_of_lake(ladder.spark, relation, Kind(rung.kind)),
        ):
            log.error("%s: %s", what, day)
    fingerprint.require_equal(mine, other, what)
    log.info("%s: both stores hold %s", what, mine)


def _made(ladder: Ladder, table: str, size: int, snapshot_id: int) -> Rung | None:
    for rung in load_rungs(ladder.connection, ladder.run_id):
        if (rung.size_rows, rung.snapshot_id, rung.postgres_table) == (size, snapshot_id, table):
            exists = _one(ladder.connection, sql("benchmark/rung_exists.sql"), {"table": table})
            # A crash of the server empties the copies, which are not logged.
            whole = exists and _one(ladder.connection, sql("benchmark/rung_count.sql", table=table)) == rung.rows
            return rung if whole else None
    return None


def _wants_trigrams(ladder: Ladder) -> bool:
    if not ladder.settings.benchmark.postgres_trigrams:
        return False
    there = bool(_one(ladder.connection, sql("benchmark/rung_has_trigrams.sql")))
    if not there:
        log.warning("PostgreSQL has no extension pg_trgm: layout indexed goes without a trigram index")
    return there


def _bytes_of(connection: "psycopg.Connection[Any]", table: str) -> int:
    return int(_one(connection, sql("benchmark/rung_size.sql"), {"table": table}))


def _one(connection: "psycopg.Connection[Any]", query: str, values: dict[str, Any] | None = None) -> Any:
    row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row else None
