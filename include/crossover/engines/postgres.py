"""PostgreSQL as an engine, set up as a competent operator would for analytical questions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, LiteralString

from crossover.connections import connect_postgres
from crossover.engines.base import Answer
from crossover.errors import BadInput, CrossoverError, ServiceDown, ServiceError, ServiceTimeout
from crossover.settings import Settings
from crossover.sql import sql

if TYPE_CHECKING:
    import psycopg


class PostgresEngine:
    """One connection, used by one thread."""

    name = "postgres"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connection = self._connect()

    def _connect(self) -> "psycopg.Connection[Any]":
        connection = connect_postgres(self._settings, application="engine", autocommit=True)
        # From the sixth execution on, psycopg would prepare the statement and the server could change its plan.
        connection.prepare_threshold = None
        budget = self._settings.benchmark
        session: dict[LiteralString, str] = {
            # The leader works too, so the cores are the workers and one.
            "max_parallel_workers_per_gather": str(budget.cores - 1),
            # A plan with more than one Gather must keep to the same cores.
            "max_parallel_workers": str(budget.cores - 1),
            "work_mem": budget.postgres_work_mem,
            # Pages come from memory or a solid-state disk; the default of 4 is for turning disks.
            "random_page_cost": "1.1",
            # Compiling costs more than it saves on questions of less than several seconds.
            "jit": "off",
        }
        for name, value in session.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        self._timeout_seconds = 0.0
        return connection

    def query(self, statement: str, parameters: Mapping[str, Any], *, timeout_seconds: float) -> Answer:
        """See Engine.query. A lost connection is opened again at the next call."""
        import psycopg

        try:
            if self._connection.closed:
                self._connection = self._connect()
            if timeout_seconds != self._timeout_seconds:
                limit = f"{timeout_seconds * 1000:.0f}ms"
                self._connection.execute("SELECT set_config('statement_timeout', %s, false)", (limit,))
                self._timeout_seconds = timeout_seconds
            cursor = self._connection.execute(statement.encode(), parameters or None)
            return Answer(tuple(column.name for column in cursor.description or ()), cursor.fetchall())
        except psycopg.Error as error:
            raise _translated(error, timeout_seconds) from error

    def renew(self) -> None:
        """See Engine.renew. PostgreSQL's shared buffers stay: they are the server's, not the session's."""
        self._connection.close()
        self._connection = self._connect()

    def configuration(self) -> dict[str, str]:
        """Version, memory and planner settings, as the session itself sees them."""
        answer = self.query(sql("benchmark/postgres_configuration.sql"), {}, timeout_seconds=30)
        found = {str(name): str(value) for name, value in answer.rows}
        return {**found, "cores": str(int(found["max_parallel_workers_per_gather"]) + 1)}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _translated(error: "psycopg.Error", timeout_seconds: float) -> CrossoverError:
    import psycopg

    text = str(error).strip()
    if isinstance(error, psycopg.errors.QueryCanceled):
        return ServiceTimeout(f"PostgreSQL gave no answer within {timeout_seconds:g} s")
    if isinstance(error, psycopg.OperationalError) and (error.sqlstate is None or error.sqlstate[:2] in {"08", "57"}):
        return ServiceDown(f"PostgreSQL is gone: {text}", cure="crossover status")
    if isinstance(error, psycopg.ProgrammingError | psycopg.DataError):
        return BadInput(f"PostgreSQL refuses the statement: {text}")
    return ServiceError(f"PostgreSQL failed: {text}")
