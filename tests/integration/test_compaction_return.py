"""Compaction on the real lake: its curve and cost, its forecast, and as a disturbance beside a measurement."""

import secrets
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from crossover.benchmark.cases import load_cases
from crossover.benchmark.compaction_return import CurvePlan, measure_return, report
from crossover.benchmark.measure import Effort
from crossover.benchmark.results import load_run
from crossover.benchmark.state.conditions import during
from crossover.connections import connect_postgres, connect_spark
from crossover.fingerprint import of_lake
from crossover.lake import clones, layouts
from crossover.lake.compaction import compact_table, day_partitions
from crossover.lake.gain import MIB, Outlook, Rates, measured_rates
from crossover.records import Kind
from tests.integration.test_answers_agree import fill_lake, fill_postgres, record

pytestmark = pytest.mark.integration

COMMITS, ROWS, DAYS = 12, 1200, 2
NOW = datetime(2026, 3, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def spark(stack):
    session = connect_spark(stack)
    yield session
    session.stop()


@pytest.fixture
def fragmented(stack, spark):
    """A dataset of two days in both stores, in the lake in a dozen commits; dropped afterwards."""
    name = f"return_{secrets.token_hex(4)}"
    records = [record(n) for n in range(ROWS)]
    fill_postgres(stack, name, records)
    # Each commit has records of every day, as a stream of late records would have.
    table = fill_lake(spark, stack, name, [records[n::COMMITS] for n in range(COMMITS)])
    yield name, table
    spark.sql(f"DROP TABLE {table} PURGE").collect()
    spark.sql(f"DROP NAMESPACE {table.rpartition('.')[0]}").collect()
    with connect_postgres(stack, application="test") as connection:
        connection.execute(f"DROP SCHEMA {name} CASCADE".encode())
        connection.execute("DELETE FROM sink_offset WHERE topic LIKE %s", (f"%.{name}",))
        connection.execute("DELETE FROM dataset WHERE name = %s", (name,))


@pytest.fixture
def run_id(stack):
    name = f"return-{secrets.token_hex(4)}"
    yield name
    with connect_postgres(stack, application="test") as connection:
        for table in ("benchmark_figure", "benchmark_run"):
            connection.execute(f"DELETE FROM {table} WHERE run_id = %s".encode(), (name,))


def test_a_curve_has_real_file_counts_costs_and_times_and_is_what_compact_predicts_with(
    stack, spark, fragmented, run_id
):
    name, table = fragmented
    snapshot = layouts.snapshots(spark, table)[-1]
    cases = tuple(load_cases(["count_all", "lookup_event_id", "filter_level_group_by_service"]))
    plan = CurvePlan(run_id, name, ROWS, cases, (1, DAYS, 9, 5000), Effort(1, 4, 60.0))
    found = measure_return(plan, stack, threading.Event())
    assert found.finished
    assert [curve.error for curve in found.curves] == ["", "", ""]
    counts = list(found.variants.relations)
    assert counts[0] == DAYS, "one file a day is the least"
    assert counts[-1] == found.variants.fragmented == snapshot.files >= DAYS * COMMITS
    assert all(seconds > 0 for costs in found.variants.costs.values() for seconds in costs)
    assert all(set(curve.times) == set(counts) for curve in found.curves)
    assert any("pays" in line for line in report(found))
    with connect_postgres(stack, application="test") as connection:
        stored = load_run(connection, run_id).figures
    curves = {
        (f.dimensions["case"], int(f.dimensions["files"])): f.values
        for f in stored
        if f.unit == "s" and "case" in f.dimensions
    }
    assert set(curves) == {(case.name, files) for case in cases for files in counts}
    assert all(len(values) >= 4 for values in curves.values())
    rates = measured_rates(stack)
    assert run_id in rates.source
    assert rates.mib_per_second > 0
    clones_left = layouts.drop_clones(spark, stack, run_id)
    assert clones_left == 0
    assert layouts.snapshots(spark, table)[-1] == snapshot, "the table itself was left as it was"


def test_a_stop_before_the_first_case_keeps_nothing_but_costs(stack, spark, fragmented, run_id):
    stop = threading.Event()
    stop.set()
    plan = CurvePlan(run_id, fragmented[0], ROWS, tuple(load_cases(["count_all"])), (3,), Effort(0, 4, 60.0))
    found = measure_return(plan, stack, stop)
    assert not found.finished
    assert found.curves == ()


def test_only_days_that_pay_are_rewritten_and_the_log_says_why(stack, spark, fragmented, caplog):
    name, table = fragmented
    before = {p.day: p for p in day_partitions(spark, table)}
    held = of_lake(spark, table, Kind.LOGS)
    smallest = min(before.values(), key=lambda p: p.bytes)
    # A day costs what its bytes cost: so dear that only the smallest day's rewrite is worth its files.
    per_file, queries = 1.0, 10
    gain = per_file * (smallest.files - 1) * queries
    dear = [p.bytes / (per_file * (p.files - 1) * queries) for p in before.values() if p.day != smallest.day]
    assert smallest.bytes / gain < min(dear), "the fixture's days must differ for this test"
    bytes_a_second = (smallest.bytes / gain + min(dear)) / 2
    outlook = Outlook(queries, Rates(per_file, bytes_a_second / MIB, 0.0, "a test"))
    with caplog.at_level("INFO"):
        done = compact_table(spark, stack, name, Kind.LOGS, now=NOW, min_files=2, outlook=outlook)
    after = {p.day: p.files for p in day_partitions(spark, table)}
    assert after == {day: 1 if day == smallest.day else p.files for day, p in before.items()}
    assert (done.days, done.files_before, done.files_after) == (1, smallest.files, 1)
    assert done.predicted_gain_seconds == pytest.approx(gain)
    assert of_lake(spark, table, Kind.LOGS) == held
    for day in before:
        (line,) = [r.message for r in caplog.records if str(day) in r.message and "predicted gain" in r.message]
        assert ("does not pay" in line) == (day != smallest.day)
    assert compact_table(spark, stack, name, Kind.LOGS, now=NOW, min_files=2, outlook=outlook) is None


def test_without_queries_every_closed_day_is_rewritten(stack, spark, fragmented):
    done = compact_table(spark, stack, fragmented[0], Kind.LOGS, now=NOW, min_files=2)
    assert (done.days, done.files_after, done.predicted_cost_seconds) == (DAYS, DAYS, None)


def test_a_scratch_copy_is_merged_set_back_and_leaves_no_file(stack, spark, fragmented):
    name, table = fragmented
    scratch = clones.Scratch(spark, stack, f"test_{name}")
    small = scratch.make(table, 4)
    assert small.rows == ROWS
    assert small.files > DAYS
    for _ in range(2):
        merged = scratch.rewrite()
        assert (merged.rows, merged.files) == (ROWS, DAYS)
        scratch.set_back(small, merged)
        assert layouts.snapshots(spark, scratch.table)[-1].files == small.files
        assert of_lake(spark, scratch.table, Kind.LOGS) == of_lake(spark, table, Kind.LOGS)
        known = [
            row["snapshot_id"] for row in spark.sql(f"SELECT snapshot_id FROM {scratch.table}.snapshots").collect()
        ]
        assert merged.snapshot_id not in known, "its files are deleted with it"
    scratch.drop()
    assert not spark.catalog.databaseExists(scratch.table.rpartition(".")[0])
    assert of_lake(spark, table, Kind.LOGS).rows == ROWS


@pytest.mark.nightly
@pytest.mark.timeout(400)
def test_both_kinds_of_disturbance_really_go_on_and_are_gone_afterwards(stack, spark, fragmented):
    name, _ = fragmented
    with during("both", stack, threading.Event(), rate=50, dataset=name) as made:
        look = made.look()
        threading.Event().wait(12)
        held = made.since(look)
        pids = [child.pid for child in made._children]
    assert held.reasons == ()
    assert held.acknowledged > 0
    assert held.postgres_rows > 0
    assert held.commits > 0
    assert held.rewrites > 0
    assert subprocess.run(["ps", "-p", ",".join(map(str, pids))], capture_output=True, check=False).returncode == 1
    with connect_postgres(stack, application="test") as connection:
        left = connection.execute("SELECT count(*) FROM dataset WHERE name LIKE 'noise\\_%%'").fetchone()
    assert left == (0,)
    spaces = [row["namespace"] for row in spark.sql(f"SHOW NAMESPACES IN {stack.lake.catalog}").collect()]
    assert not [space for space in spaces if space.startswith(("noise_", f"bench_again_{name}"))]


def test_the_command_tells_the_rates_and_skips_when_nothing_pays(stack, fragmented):
    name, _ = fragmented
    words = ["compact", "--dataset", name, "--min-files", "2", "--now", NOW.isoformat(), "--queries", "1"]
    environment = {"CROSSOVER_LAKE__REWRITE_DAY_SECONDS": "1000"}
    done = subprocess.run(
        ["env", *(f"{k}={v}" for k, v in environment.items()), sys.executable, "-m", "crossover.cli", *words],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 99, done.stdout + done.stderr
    assert "predicting for 1 queries with" in done.stdout
    assert done.stdout.count("it does not pay") == DAYS
    assert "would pay for its rewrite within 1 queries" in done.stdout
