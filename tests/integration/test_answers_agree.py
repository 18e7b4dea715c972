"""Both engines give the same answers to all cases over the same records, and a difference is found."""

import secrets
import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crossover.benchmark.cases import load_cases
from crossover.benchmark.judge import State
from crossover.benchmark.measure import Effort
from crossover.benchmark.results import (
    Cell,
    Figure,
    Run,
    Sample,
    Stamp,
    latest_run_id,
    list_runs,
    load_run,
    load_rungs,
    save_cell,
    save_figures,
    save_run,
    save_stamp,
)
from crossover.benchmark.run import Plan, run_plan
from crossover.benchmark.rungs import Ladder, drop_copies, schema_of, wait_for_postgres
from crossover.benchmark.sweep import Search, sweep
from crossover.connections import connect_postgres, connect_spark
from crossover.dataset import create_tables
from crossover.engines.postgres import PostgresEngine
from crossover.engines.spark import SparkEngine
from crossover.errors import BadInput, ServiceTimeout, StoresDiffer
from crossover.lake.tables import create_table
from crossover.records import LEVELS, Kind, topic
from crossover.sql import sql

pytestmark = pytest.mark.integration

ROWS, LATER_ROWS = 1200, 300
START = datetime(2026, 3, 1, 22, tzinfo=UTC)
MESSAGES = ("upstream timed out after 31 ms", "naïve % café_", "quote ' and \\ and \t tab", "漢字 timed out", "")


def record(n):
    """Row `n`: ties in time, NULLs, text beyond ASCII, three days."""
    has_endpoint = n % 7 != 0
    return {
        "event_id": f"test-{'A' if n % 2 else 'a'}:{n}",
        "timestamp": START + timedelta(seconds=(n // 3) * 120),
        "level": LEVELS[n // 2 % len(LEVELS)],
        "service": f"svc-{n % 11}",
        "host": f"host-{n * 17 % 29}",
        "message": MESSAGES[n % len(MESSAGES)],
        "metadata": '{"retries":2}' if n % 10 == 0 else None,
        "request_id": f"r{n}" if has_endpoint else None,
        "response_time_ms": round((n * 7919 % 5003) / 10, 1) if has_endpoint else None,
        "status_code": 200 + n % 3 if has_endpoint else None,
        "endpoint": f"/api/{n % 13}" if has_endpoint else None,
        "method": "GET" if has_endpoint else None,
        "kafka_partition": n // 100 % 2,
        "kafka_offset": n // 200,
        "batch_index": n % 100,
    }


def fill_postgres(settings, dataset, records):
    create_tables(dataset, settings)
    columns = [column.name for column in Kind.LOGS.stored_columns]
    with connect_postgres(settings, application="test") as connection:
        for day in sorted({r["timestamp"].date() for r in records}):
            names = {"schema": dataset, "table": "logs", "partition": f"logs_p{day:%Y%m%d}"}
            span = {"first": str(day), "next": str(day + timedelta(days=1))}
            connection.execute(sql("schema/day_partition.sql", **names, **span).encode())
        quoted = ", ".join(f'"{column}"' for column in columns)
        with connection.cursor().copy(f"COPY {dataset}.logs ({quoted}) FROM STDIN".encode()) as copy:
            for row in records:
                copy.write_row([row[name] for name in columns])
        for partition, last in bounds_of(records).items():
            connection.execute(
                "INSERT INTO sink_offset (topic, partition, next_offset) VALUES (%s, %s, %s) "
                "ON CONFLICT (topic, partition) DO UPDATE SET next_offset = EXCLUDED.next_offset",
                (topic(Kind.LOGS, dataset), partition, last + 1),
            )


def bounds_of(records):
    return {p: max(r["kafka_offset"] for r in records if r["kafka_partition"] == p) for p in (0, 1)}


def fill_lake(spark, settings, dataset, commits):
    import pyarrow as pa

    from crossover.records import arrow_schema

    table = create_table(spark, settings, dataset, Kind.LOGS)
    for records in commits:
        frame = spark.createDataFrame(pa.Table.from_pylist(records, schema=arrow_schema(Kind.LOGS.stored_columns)))
        frame.writeTo(table).append()
    return table


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
    """Records in both stores; the lake has them in two commits, so that a size can end between them."""
    name = f"answers_{secrets.token_hex(4)}"
    records = [record(n) for n in range(ROWS + LATER_ROWS)]
    fill_postgres(stack, name, records)
    table = fill_lake(spark, stack, name, [records[:ROWS], records[ROWS:]])
    yield name
    spark.sql(f"DROP TABLE {table} PURGE").collect()
    spark.sql(f"DROP NAMESPACE {table.rpartition('.')[0]}").collect()
    connection.execute(f"DROP SCHEMA {name} CASCADE".encode())
    connection.execute("DELETE FROM sink_offset WHERE topic = %s", (topic(Kind.LOGS, name),))
    connection.execute("DELETE FROM dataset WHERE name = %s", (name,))


@pytest.fixture
def run_id(stack, spark, connection):
    name = f"Test-{secrets.token_hex(4)}"
    yield name
    drop_copies(Ladder(connection, spark, stack, name, "none", threading.Event()))
    for table in ("benchmark_figure", "benchmark_sample", "benchmark_cell", "benchmark_rung", "benchmark_run"):
        connection.execute(f"DELETE FROM {table} WHERE run_id = %s".encode(), (name,))


def plan(run_id, dataset, layout, names=None, repetitions=1):
    return Plan(run_id, dataset, (ROWS - 100,), (layout,), tuple(load_cases(names)), Effort(0, repetitions, 60.0))


@pytest.mark.parametrize("layout", ["fragmented", "compacted"])
def test_all_cases_have_the_same_answer_in_both_engines(stack, connection, dataset, run_id, layout):
    outcome = run_plan(plan(run_id, dataset, layout), stack, threading.Event())
    assert [(c.case, c.engine, c.error) for c in outcome.cells if c.error] == []
    assert all(cell.answers_agree for cell in outcome.cells)
    assert all(cell.samples[0].answer_rows for cell in outcome.cells), "an empty answer proves nothing"
    assert len(outcome.cells) == 2 * len(load_cases())
    assert {cell.rows for cell in outcome.cells} == {ROWS}, "the later commit is not in this size"
    stored = load_run(connection, run_id)
    assert sorted(stored.cells, key=repr) == sorted(outcome.cells, key=repr)
    assert set(stored.settings) == {layout}


def test_answers_are_those_of_a_plain_count_in_python(stack, dataset, connection, run_id):
    records = [record(n) for n in range(ROWS)]
    errors = [r for r in records if r["level"] == "ERROR"]
    expected = {
        "count_all": [(ROWS,)],
        "filter_level_group_by_service": sorted(Counter(r["service"] for r in errors).items()),
        "latest_errors": [
            tuple(r[name] for name in ("event_id", "timestamp", "service", "host", "message"))
            for r in sorted(errors, key=lambda r: (r["timestamp"], r["event_id"]), reverse=True)[:100]
        ],
        "message_search": sorted(Counter(r["service"] for r in records if "timed out" in r["message"]).items()),
        "distinct_hosts_per_service": sorted(
            Counter(service for service, _ in {(r["service"], r["host"]) for r in records}).items()
        ),
    }
    run_plan(plan(run_id, dataset, "fragmented", list(expected)), stack, threading.Event())
    cells = load_run(connection, run_id).cells
    for engine in (PostgresEngine(stack), SparkEngine(stack)):
        for case in load_cases(expected):
            cell = next(c for c in cells if (c.case, c.engine) == (case.name, engine.name))
            rows = engine.query(cell.statement, case.bind({}), timeout_seconds=60).rows
            assert (rows if case.ordered else sorted(rows)) == expected[case.name], (engine.name, case.name)
        engine.close()


def test_running_a_layout_again_overwrites_its_cells(stack, connection, dataset, run_id):
    for repetitions in (3, 2):
        run_plan(plan(run_id, dataset, "fragmented", ["count_all"], repetitions), stack, threading.Event())
    cells = load_run(connection, run_id).cells
    assert [len(cell.samples) for cell in cells] == [2, 2]
    assert len(load_rungs(connection, run_id)) == 1


def test_a_layout_can_be_run_again_after_the_other(stack, connection, dataset, run_id):
    def indexes():
        table = f"{schema_of(run_id)}.logs_{ROWS - 100}"
        return len(connection.execute(sql("benchmark/rung_index_names.sql").encode(), {"table": table}).fetchall())

    found = []
    for layout in ("compacted", "fragmented", "compacted"):
        run_plan(plan(run_id, dataset, layout, ["count_all"]), stack, threading.Event())
        found.append(indexes())
    assert found[1] == 0
    assert found[0] == found[2] >= 5
    assert len(load_run(connection, run_id).cells) == 4


def test_nothing_is_timed_when_a_store_lacks_a_record(stack, connection, dataset, run_id):
    victim = record(77)
    where = "WHERE event_id = %s"
    connection.execute(
        f"CREATE TABLE {dataset}.kept AS SELECT * FROM {dataset}.logs {where}".encode(), (victim["event_id"],)
    )
    connection.execute(f"DELETE FROM {dataset}.logs {where}".encode(), (victim["event_id"],))
    try:
        with pytest.raises(StoresDiffer, match=f"{ROWS - 1:,}"):
            run_plan(plan(run_id, dataset, "fragmented"), stack, threading.Event())
    finally:
        connection.execute(f"INSERT INTO {dataset}.logs SELECT * FROM {dataset}.kept".encode())
    assert load_run(connection, run_id).cells == ()


def altered_copy(connection, run_id):
    """The run's copy at its one size, one message of which is changed to another of the same length."""
    table = f"{schema_of(run_id)}.logs_{ROWS - 100}"
    done = connection.execute(
        f"UPDATE {table} SET message = reverse(message) WHERE event_id = %s".encode(), (record(77)["event_id"],)
    )
    assert done.rowcount == 1


def test_a_proof_of_equality_is_kept_while_nothing_is_written(stack, connection, dataset, run_id, caplog):
    for _ in range(2):
        run_plan(plan(run_id, dataset, "fragmented", ["count_all"]), stack, threading.Event())
    told = [line for line in caplog.messages if "both stores hold" in line or "proven equal before" in line]
    assert len(told) == 2
    assert "both stores hold" in told[0]
    assert "proven equal before" in told[1]


def test_one_row_that_was_altered_after_the_proof_is_found_before_anything_is_timed(stack, connection, dataset, run_id):
    run_plan(plan(run_id, dataset, "fragmented", ["count_all"]), stack, threading.Event())
    before = load_run(connection, run_id).cells
    altered_copy(connection, run_id)
    with pytest.raises(StoresDiffer):
        run_plan(plan(run_id, dataset, "fragmented", ["count_all"]), stack, threading.Event())
    assert load_run(connection, run_id).cells == before, "nothing was timed"


def test_a_cell_keeps_what_was_seen_and_a_short_run_is_not_valid(stack, connection, dataset, run_id):
    outcome = run_plan(plan(run_id, dataset, "fragmented", ["count_all"], 2), stack, threading.Event())
    stored = load_run(connection, run_id)
    for one in stored.cells:
        assert one.evidence is not None
        assert one.evidence.cache_made
        assert one.evidence.asked_samples == 2
        assert {s.arm for s in one.samples} == {"a", "b"}
    assert stored.stamp == outcome.stamp
    assert not outcome.stamp.valid
    assert any("samples" in reason for reason in outcome.stamp.reasons), outcome.stamp.reasons


def test_a_state_that_cannot_be_made_here_says_so_and_makes_nothing_invalid(stack, connection, dataset, run_id):
    without = stack.model_copy(update={"benchmark": stack.benchmark.model_copy(update={"restart_command": ""})})
    wanted = replace(plan(run_id, dataset, "fragmented", ["count_all"]), states=(State("cold"),))
    outcome = run_plan(wanted, without, threading.Event())
    stored = load_run(connection, run_id).cells
    assert {(one.engine, one.cache_state, one.samples) for one in stored} == {
        ("postgres", "cold", ()),
        ("spark", "cold", ()),
    }
    assert all(one.error.startswith("not available here: ") for one in stored)
    assert not any("error" in reason for reason in outcome.stamp.reasons), outcome.stamp.reasons


def test_a_sweep_measures_the_states_that_the_lake_has_had(stack, connection, dataset, run_id):
    found = sweep(
        replace(plan(run_id, dataset, "fragmented", ["count_all"]), sizes=()),
        Search(smallest=100, largest=ROWS + LATER_ROWS, first=4, more=1),
        stack,
        threading.Event(),
    )
    assert found.finished
    assert {one.size_rows for one in found.cells} == {ROWS, ROWS + LATER_ROWS}


def test_a_loader_that_stands_still_is_named_with_its_distance(stack, connection, spark, dataset, run_id):
    ladder = Ladder(connection, spark, stack, run_id, dataset, threading.Event())
    with pytest.raises(ServiceTimeout, match="7 Kafka messages behind"):
        wait_for_postgres(
            ladder, {0: bounds_of([record(n) for n in range(ROWS + LATER_ROWS)])[0] + 7}, stalled_seconds=0
        )


def test_a_stop_before_the_first_sample_leaves_no_cell(stack, connection, dataset, run_id):
    stop = threading.Event()
    stop.set()
    outcome = run_plan(plan(run_id, dataset, "fragmented", ["count_all"]), stack, stop)
    assert not outcome.finished
    assert load_run(connection, run_id).cells == ()


def test_a_statement_that_takes_too_long_is_stopped_and_the_engine_goes_on(stack):
    slow = {
        "postgres": "SELECT pg_sleep(60)",
        "spark": "SELECT sum(a.id * b.id % 7) FROM range(10000000) a CROSS JOIN range(10000000) b",
    }
    for engine in (PostgresEngine(stack), SparkEngine(stack)):
        with pytest.raises(ServiceTimeout, match="within 2 s"):
            engine.query(slow[engine.name], {}, timeout_seconds=2)
        assert engine.query("SELECT 1 AS one", {}, timeout_seconds=60).rows == [(1,)]
        engine.close()


def test_an_engine_tells_its_configuration(stack):
    for engine, expected in ((PostgresEngine(stack), "work_mem"), (SparkEngine(stack), "iceberg")):
        found = engine.configuration()
        assert found["version"][0].isdigit()
        assert expected in found
        assert int(found["cores"]) >= 1
        engine.close()


def sample(repetition, seconds=0.5):
    return Sample(repetition, seconds, 1, "hash", None) if seconds else Sample(repetition, None, None, None, "late")


def cell(samples, case="count_all"):
    return Cell(case, "postgres", 100, "heap", 120, 1000, None, "hot", "idle", {"version": "18"}, {"level": "ERROR"},
                "SELECT 1", "hash", True, None, tuple(samples))  # fmt: skip


def test_results_come_back_as_they_were_saved(connection, run_id):
    run = Run(run_id, "main", datetime(2026, 11, 23, tzinfo=UTC), {"cpu": "x"}, {"fragmented": {"sizes": [100]}}, ())
    save_run(connection, run)
    save_run(connection, Run(run_id, "main", datetime.now(UTC), {"java": "17"}, {"compacted": {"sizes": [200]}}, ()))
    save_cell(connection, run_id, cell([sample(-1), sample(1), sample(2), sample(3)]))
    save_cell(connection, run_id, cell([sample(-1), sample(1, None)]))
    found = load_run(connection, run_id)
    assert found.cells == (cell([sample(-1), sample(1, None)]),)
    assert (found.started_at, found.environment) == (run.started_at, {"cpu": "x", "java": "17"})
    assert set(found.settings) == {"fragmented", "compacted"}
    assert run_id in {header.run_id for header in list_runs(connection)}
    assert latest_run_id(connection) is not None


def test_figures_and_stamp_come_back_as_they_were_saved(connection, run_id):
    save_run(connection, Run(run_id, "main", datetime.now(UTC), {}, {}, ()))
    figures = (
        Figure("freshness", {"store": "lake"}, "s", (1.5, 2.5)),
        Figure("sustained_rate", {}, "records/s", (9.0,), "n"),
    )
    save_figures(connection, run_id, [replace(figures[0], values=(9.0,)), *figures])
    save_stamp(connection, run_id, Stamp(False, ("busy",)))
    found = load_run(connection, run_id)
    assert (found.figures, found.stamp) == (figures, Stamp(False, ("busy",)))
    header = next(header for header in list_runs(connection) if header.run_id == run_id)
    assert (header.figures, header.valid) == (2, False)


def test_a_run_id_belongs_to_one_dataset(connection, run_id):
    save_run(connection, Run(run_id, "main", datetime.now(UTC), {}, {}, ()))
    with pytest.raises(BadInput, match="another dataset"):
        save_run(connection, Run(run_id, "other", datetime.now(UTC), {}, {}, ()))


def test_an_unknown_run_is_named_with_a_cure(connection):
    with pytest.raises(BadInput, match="nope") as error:
        load_run(connection, "nope")
    assert "benchmark list" in error.value.cure
