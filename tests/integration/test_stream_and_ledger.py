"""Kafka to the lake, and the ledger over both stores, on the running stack: exactly once, and faults are found."""

import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crossover.connections import connect_postgres, connect_spark
from crossover.errors import CorruptData, StoresDiffer
from crossover.fingerprint import of_lake
from crossover.job import NOTHING_TO_DO
from crossover.lake import compaction, layouts
from crossover.ledger import command as ledger
from crossover.ledger.catch_up import stream_is_running
from crossover.records import Kind
from crossover.settings import Settings, checkout

pytestmark = pytest.mark.integration
STREAM = [sys.executable, "-m", "spark_jobs.stream_logs", "--dataset"]
# One message a commit: as many small files as possible from few records.
FRAGMENTING = {**os.environ, "CROSSOVER_STREAM__MAX_OFFSETS_PER_TRIGGER": "1"}


def crossover(*words: str, expect: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "crossover.cli", *words], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == expect, done.stdout[-3000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def spark(stack: Settings) -> Iterator[Any]:
    session = connect_spark(stack)
    yield session
    session.stop()


@pytest.fixture(scope="module")
def filled(stack: Settings, new_dataset: Callable[[str], str]) -> str:
    """1,500 logs and 600 events over three days, and five records that are hard to store, in both stores."""
    name = new_dataset("ledger")
    crossover("generate", "--dataset", name, "--logs", "1500", "--events", "600", "--span-days", "3", "--batch", "150")
    hard = [
        {"message": "quotes \" and ' and \\ and \t tab"},
        {"message": "", "metadata": {}},
        {
            "message": "line\nbreak\r\nand ünïcödé 🙂 \u2028",
            "metadata": {"empty": "", "n": None, "deep": {"a": [1, "x"]}},
        },
        {"message": "\\N", "metadata": {"response_time_ms": 0.05, "status_code": 0, "endpoint": "", "method": "\\."}},
        {"message": "x" * 100_000, "metadata": {"response_time_ms": 1e9, "request_id": ","}},
    ]
    for n, changes in enumerate(hard):
        record = {
            "event_id": f"hard:{n}", "timestamp": "2026-01-02T23:59:59.999999+00:00", "level": "WARN",
            "service": "s", "host": "h", **changes,
        }  # fmt: skip
        answer = httpx.post(
            f"{stack.ingest.url}/api/collect/log", json=record, headers={"x-crossover-dataset": name}, timeout=30
        )
        assert answer.json() == {"accepted": 1, "rejected": 0, "errors": []}, answer.text
    done = subprocess.run([*STREAM, name], cwd=checkout(), env=FRAGMENTING, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    return name


def test_the_ledger_is_clean_and_its_finding_is_kept(stack: Settings, filled: str) -> None:
    text = crossover("ledger", "--dataset", filled)
    assert "1,505" in text
    with connect_postgres(stack, application="test") as connection:
        found = connection.execute(
            "SELECT kind, postgres, lake, lost, twice, equal FROM ledger_parity WHERE dataset = %s ORDER BY kind",
            (filled,),
        ).fetchall()
    assert found == [("events", 600, 600, 0, 0, True), ("logs", 1505, 1505, 0, 0, True)]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("DELETE FROM {0}.logs WHERE event_id = 'hard:1'", "content differs on 2026-01-02"),
        ("INSERT INTO {0}.logs SELECT * FROM {0}.logs WHERE event_id = 'hard:2'", "1 rows of hard more than once"),
        ("UPDATE {0}.logs SET message = message || '.' WHERE event_id = 'hard:3'", "content differs on 2026-01-02"),
        ("UPDATE {0}.logs SET response_time_ms = NULL WHERE event_id = 'hard:3'", "content differs on 2026-01-02"),
        ("UPDATE {0}.events SET event_type = 'X' WHERE event_id LIKE '%:7'", "events: content differs"),
    ],
)  # fmt: skip
def test_the_ledger_finds_a_planted_fault(stack: Settings, filled: str, fault: str, words: str) -> None:
    """The fault is planted in a transaction that the ledger's own comparison runs in, and is rolled back."""
    from crossover.ledger.command import _compare_kind

    spark = connect_spark(stack)
    with connect_postgres(stack, application="test") as connection:
        connection.execute(fault.format(filled).encode())
        findings = [_compare_kind(connection, spark, stack, filled, kind) for kind in Kind]
        connection.rollback()
    spark.stop()
    complaints = [f"{finding.kind.value}: {complaint}" for finding in findings for complaint in finding.complaints]
    assert any(words in complaint for complaint in complaints), complaints


def test_the_ledger_command_fails_when_the_stores_differ(
    stack: Settings, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ledger.days_of_postgres
    monkeypatch.setattr(ledger, "days_of_postgres", lambda *given: dict(list(real(*given).items())[1:]))
    arguments = Namespace(dataset=filled, timeout=60.0, no_stream=True)
    with pytest.raises(StoresDiffer, match="content differs"):
        ledger.run(arguments, stack)


def test_a_second_stream_on_the_same_dataset_is_refused(stack: Settings, filled: str) -> None:
    with connect_postgres(stack, application="test", autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(hashtext('crossover stream ' || %s))", (filled,))
        assert stream_is_running(filled, stack)
        done = subprocess.run([*STREAM, filled], cwd=checkout(), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "another stream runs" in done.stdout
    assert not stream_is_running(filled, stack)


def test_a_stream_killed_in_the_middle_loses_nothing_and_stores_nothing_twice(
    stack: Settings, new_dataset: Callable[[str], str]
) -> None:
    name = new_dataset("killed")
    crossover("generate", "--dataset", name, "--logs", "20000", "--batch", "500")
    stream = subprocess.Popen(
        [*STREAM, name], cwd=checkout(), env=FRAGMENTING, stdout=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while True:  # until it is in the midst of its commits
        with connect_postgres(stack, application="test") as connection:
            row = connection.execute(
                "SELECT coalesce(sum(next_offset), 0) FROM lake_offset WHERE topic = %s", (f"logs.raw.{name}",)
            ).fetchone()
        if row and row[0] >= 5:
            break
        assert time.monotonic() < deadline, "the stream has committed nothing"
        assert stream.poll() is None, "the stream ended before it was killed"
        time.sleep(0.2)
    os.killpg(stream.pid, signal.SIGKILL)
    stream.wait()
    text = crossover("ledger", "--dataset", name)
    assert "20,000" in text


def test_a_rewrite_that_changes_content_is_rolled_back(
    stack: Settings, filled: str, spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Iceberg does not lose rows when asked to, so the content that verify reads of the new snapshot is altered."""
    table = f"lake.{filled}.events"
    before = layouts.snapshots(spark, table)[-1]
    real = compaction.days_of_lake

    def altered(session: Any, relation: str, kind: Kind) -> Any:
        days = real(session, relation, kind)
        return days if relation.endswith(str(before.snapshot_id)) else dict(list(days.items())[1:])

    monkeypatch.setattr(compaction, "days_of_lake", altered)
    with pytest.raises(CorruptData, match="rolled back"):
        compaction.compact_table(spark, stack, filled, Kind.EVENTS, now=datetime(2027, 1, 1, tzinfo=UTC), min_files=2)
    assert layouts.snapshots(spark, table)[-1].snapshot_id == before.snapshot_id


def test_compaction_leaves_fewer_files_and_the_same_rows(stack: Settings, filled: str, spark: Any) -> None:
    table = f"lake.{filled}.logs"
    before = layouts.snapshots(spark, table)[-1]
    content = of_lake(spark, table, Kind.LOGS)
    clone = layouts.compacted(spark, stack, table, layouts.snapshot_at(spark, table, 1000), f"t_{filled}", 1000)
    assert clone.files < before.files
    assert layouts.snapshots(spark, table)[-1] == before, "the clone must leave the original alone"

    text = crossover("compact", "--dataset", filled, "--min-files", "2", "--now", "2027-01-01T00:00:00+00:00")
    assert "holds what its parent held" in text
    after = layouts.snapshots(spark, table)[-1]
    assert after.files < before.files
    assert of_lake(spark, table, Kind.LOGS) == content
    assert of_lake(spark, layouts.at_snapshot(table, before).sql, Kind.LOGS) == content
    assert layouts.drop_clones(spark, stack, f"t_{filled}") == 1
    crossover(
        "compact", "--dataset", filled, "--min-files", "5", "--now", "2027-01-01T00:00:00+00:00", expect=NOTHING_TO_DO
    )
