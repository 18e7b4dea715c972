"""The PostgreSQL side of the loader: its offsets, its day partitions, its transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import psycopg
import pyarrow as pa

from crossover.connections import connect_postgres
from crossover.dataset import create_tables
from crossover.errors import ServiceDown, ServiceError
from crossover.load.rows import Advance, Flush, by_day, copy_bytes, partition_name
from crossover.records import Kind
from crossover.settings import Settings
from crossover.sql import sql


class Fenced(ServiceError):
    """Another loader has moved the partition's offset: this one's rows were rolled back."""


class Store:
    """One connection, made when it is needed and made anew after a failure."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection: psycopg.Connection[Any] | None = None
        # (dataset, day partition), and (dataset, "") once its tables have been looked at.
        self._known: set[tuple[str, str]] = set()

    def offsets(self) -> dict[tuple[str, int], int]:
        """The next offset of each partition ever read. Raises ServiceDown."""
        with self._session() as connection:
            rows = connection.execute(sql("load/read_offsets.sql").encode()).fetchall()
        return {(topic, partition): next_offset for topic, partition, next_offset in rows}

    def write(self, flush: Flush) -> None:
        """Rows and offsets in one transaction. Raises Fenced or ServiceDown; then nothing was written."""
        with self._session() as connection:
            days = [
                (dataset, kind, day, parts)
                for (dataset, kind), batches in flush.batches.items()
                for day, parts in by_day(batches).items()
            ]
            for dataset, kind, day, _ in days:
                self._make_partition(connection, dataset, kind, day)
            with connection.transaction():
                # The offsets first: a loader that is no longer the reader loses before it has copied anything.
                for advance in flush.advances.values():
                    _advance(connection, advance)
                for dataset, kind, day, parts in days:
                    _copy(connection, dataset, kind, day, parts)

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _session(self) -> Iterator[psycopg.Connection[Any]]:
        try:
            if self._connection is None:
                create_tables(self._settings.dataset, self._settings)
                self._connection = connect_postgres(self._settings, application="load", autocommit=True)
            yield self._connection
        except psycopg.Error as error:
            # Tables may have been dropped, or the server lost: look at everything again.
            self._known.clear()
            self.close()
            raise ServiceDown(f"PostgreSQL did not take the rows: {error}".strip(), cure="crossover status") from error

    def _make_partition(self, connection: psycopg.Connection[Any], dataset: str, kind: Kind, day: date) -> None:
        name = partition_name(kind, day)
        if (dataset, name) in self._known:
            return
        if (dataset, "") not in self._known:
            create_tables(dataset, self._settings)
            self._known.add((dataset, ""))
        first, following = f"{day:%Y-%m-%d}", f"{day + timedelta(days=1):%Y-%m-%d}"
        statement = sql(
            "schema/day_partition.sql", schema=dataset, table=kind, partition=name, first=first, next=following
        )
        with connection.transaction():
            connection.execute(sql("load/lock_partitions.sql").encode())
            connection.execute(statement.encode())
        self._known.add((dataset, name))


def _copy(
    connection: psycopg.Connection[Any], dataset: str, kind: Kind, day: date, batches: list[pa.RecordBatch]
) -> None:
    columns = ", ".join(f'"{column.name}"' for column in kind.stored_columns)
    statement = sql("load/copy.sql", schema=dataset, partition=partition_name(kind, day), columns=columns)
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for piece in copy_bytes(batches):
            copy.write(piece)


def _advance(connection: psycopg.Connection[Any], advance: Advance) -> None:
    name = "load/first_offset.sql" if advance.expected is None else "load/advance_offset.sql"
    changed = connection.execute(sql(name).encode(), asdict(advance)).rowcount
    if changed != 1:
        raise Fenced(
            f"{advance.topic}[{advance.partition}]: PostgreSQL is no longer at offset {advance.expected}",
            cure="another loader reads this partition; this one reads again from PostgreSQL's offset",
        )
