"""The watch on a real PostgreSQL: other benchmarks, statistics, load, settings."""

import secrets
import time

import pytest

from crossover.benchmark.measure import Question, Target
from crossover.benchmark.validity.watch import Watch, exclusive, other_runs, stale_statistics
from crossover.connections import connect_postgres
from crossover.engines.postgres import PostgresEngine

pytestmark = pytest.mark.integration


@pytest.fixture
def connection(stack):
    with connect_postgres(stack, application="test", autocommit=True) as open_connection:
        yield open_connection


@pytest.fixture
def table(connection):
    """A partitioned table of 10,000 rows in two days."""
    name = f"watch_{secrets.token_hex(4)}"
    connection.execute(
        f"CREATE TABLE {name} (n integer) PARTITION BY RANGE (n);"
        f"CREATE TABLE {name}_a PARTITION OF {name} FOR VALUES FROM (0) TO (5000) WITH (autovacuum_enabled = off);"
        f"CREATE TABLE {name}_b PARTITION OF {name} FOR VALUES FROM (5000) TO (20000) WITH (autovacuum_enabled = off);"
        f"INSERT INTO {name} SELECT generate_series(0, 9999)"
    )
    yield f"public.{name}"
    connection.execute(f"DROP TABLE {name}")


def named(connection):
    return connection.execute("SHOW application_name").fetchone()[0]


def test_two_benchmarks_see_each_other_and_no_longer_when_one_has_ended(stack, connection):
    with connect_postgres(stack, application="test", autocommit=True) as second:
        assert f"watch-a (process {connection.info.backend_pid})" not in other_runs(second)
        with exclusive(connection, "watch-a"):
            with exclusive(second, "watch-b") as others:
                assert f"watch-a (process {connection.info.backend_pid})" in others
                assert f"watch-b (process {second.info.backend_pid})" in other_runs(connection)
                assert not any("watch-a" in other for other in other_runs(connection))
            assert not any("watch-b" in other for other in other_runs(connection))
        assert named(connection) == named(second) == "crossover-test"


def test_a_benchmark_whose_session_was_ended_leaves_no_mark_and_no_second_error(stack, connection):
    with connect_postgres(stack, application="test", autocommit=True) as second, exclusive(second, "watch-c"):
        connection.execute("SELECT pg_terminate_backend(%s)", (second.info.backend_pid,))
    until = time.monotonic() + 10
    while any("watch-c" in other for other in other_runs(connection)):
        assert time.monotonic() < until


def test_statistics_are_stale_until_the_table_and_its_partitions_are_analysed(connection, table):
    bare = table.removeprefix("public.")
    (never, believed) = stale_statistics(connection, table, 10_000)
    assert never == f"{bare}, {bare}_a, {bare}_b never analysed"
    assert believed == f"{table} is believed to have 0 rows and has 10,000"
    connection.execute(f"ANALYZE {table}_a; ANALYZE {table}_b")
    assert stale_statistics(connection, table, 10_000) == (f"{bare} never analysed",)
    connection.execute(f"ANALYZE {table}")
    assert stale_statistics(connection, table, 10_000) == ()
    connection.execute(f"INSERT INTO {table} SELECT generate_series(10000, 11999)")
    assert stale_statistics(connection, table, 12_000) == (f"{table} is believed to have 10,000 rows and has 12,000",)
    assert stale_statistics(connection, "public.nowhere", 5) == ("there is no table public.nowhere",)


def test_a_cell_is_watched_from_before_to_after(stack, connection, table):
    engine = PostgresEngine(stack)
    connection.execute(f"VACUUM ANALYZE {table}")
    question = Question(engine, Target("postgres", "heap", table, 10_000, 1, None), "SELECT 1", engine.configuration())
    watch = Watch(connection, stack, "watch-d")
    try:
        look = watch.look([question])
        # Some seconds of work in the server: it is the stack's, and no stranger's.
        began = time.monotonic()
        while time.monotonic() - began < 2:
            engine.query("SELECT count(*) FROM generate_series(1, 300000)", {}, timeout_seconds=30)
        (seen,) = watch.since(look, [question], deep=True)
    finally:
        engine.close()
    assert 2 <= seen.seconds < 30
    assert abs(seen.clock_jump_seconds) < 0.5
    assert seen.steal is not None
    assert seen.foreign is not None
    assert seen.foreign < 0.9
    assert seen.stale_statistics == seen.configuration_changed == seen.idle_workers == ()
