"""DuckDB over the Iceberg files in HDFS gives the answers of the others; sessions and budgets on real servers."""

import argparse
import os
import secrets
import threading

import psutil
import pytest
from psycopg.rows import dict_row

from crossover.benchmark.canonical import canonical, difference
from crossover.benchmark.cases import load_cases
from crossover.benchmark.results import load_run
from crossover.benchmark.rungs import Ladder, drop_copies
from crossover.benchmark.state.budget import Budget, enforced, unavailable
from crossover.benchmark.state.caches import prepare
from crossover.benchmark.state.servers import processes
from crossover.benchmark.verbs import cost
from crossover.connections import connect_postgres, connect_spark
from crossover.engines.registry import ENGINES, open_engine
from crossover.errors import BadInput, ServiceDown
from crossover.lake.layouts import snapshots
from crossover.records import Kind, topic
from tests.integration.test_answers_agree import LATER_ROWS, ROWS, fill_lake, fill_postgres, record

pytestmark = pytest.mark.integration

LAKE_ENGINES = ("spark", "duckdb")


@pytest.fixture(scope="module")
def spark(stack):
    session = connect_spark(stack)
    yield session
    session.stop()


@pytest.fixture(scope="module")
def connection(stack):
    with connect_postgres(stack, application="test", autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def dataset(stack, spark, connection):
    """Records in both stores; the lake has them in two commits."""
    name = f"duckdb_{secrets.token_hex(4)}"
    records = [record(n) for n in range(ROWS + LATER_ROWS)]
    fill_postgres(stack, name, records)
    table = fill_lake(spark, stack, name, [records[:ROWS], records[ROWS:]])
    yield name
    spark.sql(f"DROP TABLE {table} PURGE").collect()
    spark.sql(f"DROP NAMESPACE {table.rpartition('.')[0]}").collect()
    connection.execute(f"DROP SCHEMA {name} CASCADE".encode())
    connection.execute("DELETE FROM sink_offset WHERE topic = %s", (topic(Kind.LOGS, name),))
    connection.execute("DELETE FROM dataset WHERE name = %s", (name,))


@pytest.fixture(scope="module")
def engines(stack):
    opened = {name: open_engine(name, stack) for name in ENGINES}
    yield opened
    for engine in opened.values():
        engine.close()


def values_of(case, connection, relation):
    query = case.probe(relation)
    with connection.cursor(row_factory=dict_row) as cursor:
        return case.bind(cursor.execute(query.encode()).fetchone() if query else {})


def answer(engine, case, relation, values):
    found = engine.query(case.statement(engine.name, relation), values, timeout_seconds=60)
    assert found.rows, "an empty answer proves nothing"
    return canonical(found, ordered=case.ordered, decimals=case.decimals)


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: case.name)
def test_all_engines_give_the_same_answer(stack, connection, dataset, engines, case):
    lake = f"{stack.lake.catalog}.{dataset}.logs"
    values = values_of(case, connection, f"{dataset}.logs")
    expected = answer(engines["postgres"], case, f"{dataset}.logs", values)
    for name in LAKE_ENGINES:
        assert difference(expected, answer(engines[name], case, lake, values), names=("postgres", name)) == ""


@pytest.mark.parametrize("case", load_cases(), ids=lambda case: case.name)
def test_both_engines_of_the_lake_agree_on_an_earlier_snapshot(stack, spark, connection, dataset, engines, case):
    table = f"{stack.lake.catalog}.{dataset}.logs"
    first = f"{table} VERSION AS OF {snapshots(spark, table)[0].snapshot_id}"
    values = values_of(case, connection, f"{dataset}.logs")
    left, right = (answer(engines[name], case, first, values) for name in LAKE_ENGINES)
    assert difference(left, right, names=LAKE_ENGINES) == ""
    if case.name == "count_all":
        assert right.rows == ((str(ROWS),),)


def test_a_table_that_the_lake_has_not_is_named(stack, engines):
    with pytest.raises(BadInput, match="no table nowhere"):
        engines["duckdb"].query(f"SELECT 1 FROM {stack.lake.catalog}.nowhere.logs", {}, timeout_seconds=60)


def test_a_catalog_that_is_gone_is_said_to_be_gone(stack):
    gone = stack.model_copy(update={"lake": stack.lake.model_copy(update={"catalog_port": 9})})
    engine = open_engine("duckdb", gone)
    with pytest.raises(ServiceDown, match="metadata cannot be read"):
        engine.query(f"SELECT 1 FROM {stack.lake.catalog}.main.logs", {}, timeout_seconds=60)
    engine.close()


@pytest.mark.parametrize("name", list(ENGINES))
def test_a_warm_execution_is_in_a_new_session(stack, name):
    session = {
        "postgres": (
            "SELECT set_config('application_name', 'mine', false)",
            "SELECT current_setting('application_name')",
        ),
        "spark": ("CREATE TEMPORARY VIEW mine AS SELECT 1 AS n", "SHOW VIEWS"),
        "duckdb": ("CREATE TABLE mine (n INTEGER)", "SELECT count(*) FROM duckdb_tables()"),
    }
    engine = open_engine(name, stack)
    change, look = session[name]
    before = engine.query(look, {}, timeout_seconds=60).rows
    engine.query(change, {}, timeout_seconds=60)
    assert prepare("warm", engine, stack) == "new session"
    assert engine.query(look, {}, timeout_seconds=60).rows == before
    engine.close()


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core cannot be halved")
def test_the_real_servers_are_held_to_a_budget_and_answer(stack, engines):
    assert unavailable(stack) == ""
    with enforced(Budget(1), stack) as held:
        assert {limit.cores for limit in held.values()} == {1.0}
        for engine in engines.values():
            assert engine.query("SELECT 1 AS one", {}, timeout_seconds=60).rows == [(1,)]
    for name in held:
        assert {len(process.cpu_affinity()) for process in processes(name, stack)} == {psutil.cpu_count()}


def test_cost_mode_tells_a_number_of_spark_cores(stack, spark, connection, dataset):
    run_id = f"Cost-{secrets.token_hex(4)}"
    arguments = argparse.Namespace(
        run=run_id, dataset=dataset, size=ROWS - 100, layout="fragmented", cases="group_by_level", most_cores=None,
        repetitions=4, warmups=1, seed=1,
    )  # fmt: skip
    try:
        assert cost.run(arguments, stack) == 0
        figures = load_run(connection, run_id).figures
        assert {figure.name for figure in figures} == {"cost_cores", "cost_seconds"}
        answer = next(figure for figure in figures if figure.name == "cost_cores")
        assert answer.dimensions == {"case": "group_by_level", "size_rows": str(ROWS - 100)}
        assert "Spark cores" in answer.note
        cores = {(f.dimensions["engine"], f.dimensions["cores"]) for f in figures if f.name == "cost_seconds"}
        assert {("postgres", "1"), ("duckdb", "1"), ("spark", "1")} <= cores
    finally:
        drop_copies(Ladder(connection, spark, stack, run_id, "none", threading.Event()))
        for table in ("benchmark_figure", "benchmark_rung", "benchmark_run"):
            connection.execute(f"DELETE FROM {table} WHERE run_id = %s".encode(), (run_id,))
