"""The write ladder of PostgreSQL: the same records by each way of writing, into tables with 0, 1 and 4 indexes.

Every write goes into an empty table of its own, is committed durably, is counted afterwards, and is dropped. The
repetitions of all cells are interleaved in random order, so that a slow moment of the machine meets no method alone.
"""

import gc
import logging
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from crossover.benchmark.results import Figure
from crossover.benchmark.rungs import schema_of
from crossover.benchmark.write.rows import FIRST_DAY_US, Rows, make_rows
from crossover.benchmark.write.stopping import check
from crossover.connections import connect_postgres
from crossover.errors import CorruptData
from crossover.generate.world import DAY_US
from crossover.job import Progress, bench_line
from crossover.load.rows import by_day, copy_bytes
from crossover.records import SQL_TYPES, Kind
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg

log = logging.getLogger(__name__)

COLUMNS = ", ".join(f'"{column.name}"' for column in Kind.LOGS.stored_columns)
DEFINITIONS = ", ".join(
    f'"{column.name}" {SQL_TYPES[column.type]}{"" if column.nullable else " NOT NULL"}'
    for column in Kind.LOGS.stored_columns
)
INDEXES = (0, 1, 4)
STATEMENT_ROWS = 1000


@dataclass(frozen=True)
class Method:
    """One way of writing. `share` of the rows of the quickest ways are enough for a rate; the others take as long."""

    name: str
    share: float
    about: str


METHODS = {
    method.name: method
    for method in (
        Method("insert", 0.02, "one INSERT and one commit a row"),
        Method("executemany", 0.2, f"psycopg's executemany, a commit each {STATEMENT_ROWS} rows"),
        Method("multi_row", 0.2, f"one INSERT and one commit each {STATEMENT_ROWS} rows"),
        Method("copy_text", 1.0, "COPY of Python rows as text"),
        Method("copy_binary", 1.0, "COPY of Arrow batches in binary form, as the loader does it"),
    )
}


@dataclass(frozen=True, order=True)
class Rung:
    """One cell of the ladder; `table` is heap, partitioned (by day) or unlogged."""

    method: str
    indexes: int
    table: str

    @property
    def name(self) -> str:
        """A table name."""
        return f"{self.method}_{self.indexes}_{self.table}"


@dataclass(frozen=True)
class Plan:
    """What is written how often; `rows` is the most that any method gets, `commit_rows` what one COPY commits."""

    run_id: str
    rows: int
    repetitions: int
    seed: int
    commit_rows: int

    def rows_of(self, method: str) -> int:
        """Rows that this method is given: at least one."""
        return max(1, round(self.rows * METHODS[method].share))


def rungs() -> list[Rung]:
    """Every method on a plain table; the quickest also on a partitioned and on an unlogged one."""
    plain = [Rung(method, indexes, "heap") for method in METHODS for indexes in INDEXES]
    return plain + [Rung("copy_binary", indexes, table) for table in ("partitioned", "unlogged") for indexes in INDEXES]


def order(repetitions: int, seed: int) -> Iterator[Rung]:
    """Every rung once in each repetition, each time in another random order; the same for the same seed."""
    shuffler = random.Random(seed)
    for _ in range(repetitions):
        turn = rungs()
        shuffler.shuffle(turn)
        yield from turn


def measure(plan: Plan, settings: Settings, stop: threading.Event) -> list[Figure]:
    """The figures `write_rate`. Raises Stopped, and CorruptData when a table does not hold what was written."""
    everything = make_rows(plan.rows, plan.seed)
    given = {method: everything.first(plan.rows_of(method)) for method in METHODS}
    for rows in given.values():
        rows.tuples  # noqa: B018 (made now, not while the first method is timed)
    schema = f"{schema_of(plan.run_id)}_write"
    rates: defaultdict[Rung, list[float]] = defaultdict(list)
    with connect_postgres(settings, application="benchmark", autocommit=True) as connection:
        durability = require_durable(connection)
        progress = Progress("writes", plan.repetitions * len(rungs()))
        connection.execute(sql("benchmark_write/create_schema.sql", schema=schema).encode())
        try:
            for done, rung in enumerate(order(plan.repetitions, plan.seed)):
                check(stop)
                progress.update(done, rung.name)
                seconds = write_once(connection, f"{schema}.{rung.name}", rung, given[rung.method], plan.commit_rows)
                rates[rung].append(len(given[rung.method]) / seconds)
        finally:
            connection.execute(sql("benchmark_write/drop_schema.sql", schema=schema).encode())
    return [_figure(rung, rates[rung], plan, durability) for rung in rungs()]


def require_durable(connection: "psycopg.Connection[Any]") -> str:
    """Turn durable commits on for this session; returns what the server says of itself, for notes."""
    connection.execute("SET synchronous_commit = on")
    found = dict(connection.execute(sql("benchmark_write/durability.sql").encode()).fetchall())
    if found.get("fsync") != "on":
        log.warning("fsync is off: no commit of this server survives a crash, and these rates are of that kind")
    return ", ".join(f"{name} {found[name]}" for name in ("synchronous_commit", "fsync", "full_page_writes"))


def write_once(connection: "psycopg.Connection[Any]", table: str, rung: Rung, rows: Rows, commit_rows: int) -> float:
    """Seconds from the first statement to the last commit; the table is made before, counted after, and dropped.

    Raises CorruptData on a wrong count.
    """
    _make_table(connection, table, rung)
    gc.disable()
    try:
        started = time.perf_counter()
        _WRITERS[rung.method](connection, table, rung, rows, commit_rows)
        seconds = time.perf_counter() - started
    finally:
        gc.enable()
    counted = connection.execute(sql("benchmark_write/count.sql", table=table).encode()).fetchone()
    require_all(rung.name, len(rows), *(counted or (0, 0)))
    connection.execute(sql("benchmark_write/drop_table.sql", table=table).encode())
    return seconds


def require_all(name: str, given: int, counted: int, distinct: int) -> None:
    """Raise CorruptData unless the table holds each row once: a rate of lost rows is no rate."""
    if (counted, distinct) != (given, given):
        raise CorruptData(f"{name}: {given:,} rows written, {counted:,} found with {distinct:,} different event_ids")


def _make_table(connection: "psycopg.Connection[Any]", table: str, rung: Rung) -> None:
    made = f"benchmark_write/table_{rung.table}.sql"
    connection.execute(sql(made, table=table, columns=DEFINITIONS).encode())
    if rung.table == "partitioned":
        first = date(1970, 1, 1) + timedelta(days=FIRST_DAY_US // DAY_US - 1)
        for day in (first + timedelta(days=n) for n in range(7)):
            bounds = {"first": f"{day:%Y-%m-%d}", "next": f"{day + timedelta(days=1):%Y-%m-%d}"}
            statement = sql("benchmark_write/day.sql", table=table, day=_leaf(table, day), **bounds)
            connection.execute(statement.encode())
    if rung.indexes:
        connection.execute(sql(f"benchmark_write/indexes_{rung.indexes}.sql", table=table).encode())


def _leaf(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


def _insert_statement(table: str, rows: int) -> bytes:
    row = f"({', '.join(['%s'] * len(Kind.LOGS.stored_columns))})"
    return sql("benchmark_write/insert.sql", table=table, columns=COLUMNS, rows=", ".join([row] * rows)).encode()


def _insert(connection: "psycopg.Connection[Any]", table: str, _rung: Rung, rows: Rows, _commit_rows: int) -> None:
    statement = _insert_statement(table, 1)
    for row in rows.tuples:
        connection.execute(statement, row)


def _executemany(connection: "psycopg.Connection[Any]", table: str, _rung: Rung, rows: Rows, _commit: int) -> None:
    statement = _insert_statement(table, 1)
    for part in _parts(rows.tuples, STATEMENT_ROWS):
        with connection.transaction(), connection.cursor() as cursor:
            cursor.executemany(statement, part)


def _multi_row(connection: "psycopg.Connection[Any]", table: str, _rung: Rung, rows: Rows, _commit: int) -> None:
    for part in _parts(rows.tuples, STATEMENT_ROWS):
        connection.execute(_insert_statement(table, len(part)), [value for row in part for value in row])


def _copy_text(connection: "psycopg.Connection[Any]", table: str, _rung: Rung, rows: Rows, commit_rows: int) -> None:
    statement = sql("benchmark_write/copy_text.sql", table=table, columns=COLUMNS).encode()
    for part in _parts(rows.tuples, commit_rows):
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in part:
                copy.write_row(row)


def _copy_binary(connection: "psycopg.Connection[Any]", table: str, rung: Rung, rows: Rows, commit_rows: int) -> None:
    for group in rows.groups(commit_rows):
        # Past the parent's routing, straight into each day, as the loader does it.
        parts = {_leaf(table, day): part for day, part in by_day(group).items()}
        with connection.transaction():
            for name, batches in (parts if rung.table == "partitioned" else {table: group}).items():
                statement = sql("benchmark_write/copy_binary.sql", table=name, columns=COLUMNS).encode()
                with connection.cursor() as cursor, cursor.copy(statement) as copy:
                    for piece in copy_bytes(batches):
                        copy.write(piece)


_WRITERS: dict[str, "Callable[[psycopg.Connection[Any], str, Rung, Rows, int], None]"] = {
    "insert": _insert,
    "executemany": _executemany,
    "multi_row": _multi_row,
    "copy_text": _copy_text,
    "copy_binary": _copy_binary,
}


def _parts(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[begin : begin + size] for begin in range(0, len(rows), size))


def _figure(rung: Rung, rates: Sequence[float], plan: Plan, durability: str) -> Figure:
    per_commit = f", a commit each {plan.commit_rows:,} rows" if rung.method.startswith("copy") else ""
    given = f"{plan.rows_of(rung.method):,} rows into an empty table"
    note = f"{METHODS[rung.method].about}{per_commit}; {given}; {durability}"
    dimensions = {"method": rung.method, "indexes": str(rung.indexes), "table": rung.table}
    figure = Figure("write_rate", dimensions, "rows/s", tuple(rates), note)
    bench_line({"figure": figure.name, **dimensions, "rows_per_second": [round(rate, 1) for rate in rates]})
    return figure
