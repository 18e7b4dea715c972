"""From an HTTP request to rows in PostgreSQL, through the running stack: every acknowledged record once, none else.

Each test has producers of its own in one dataset of this run, so nothing has to be cleaned.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from confluent_kafka import TopicPartition

from crossover.connections import connect_postgres, kafka_consumer, kafka_producer
from crossover.records import Kind, dead_letter_topic, topic
from crossover.settings import Settings

pytestmark = pytest.mark.integration
LINES = "application/x-ndjson"


@pytest.fixture(scope="module")
def dataset(new_dataset: Callable[[str], str]) -> str:
    return new_dataset("load")


@pytest.fixture
def producer() -> str:
    return f"test-{secrets.token_hex(4)}"


def log_record(producer: str, n: int, **changes: Any) -> dict[str, Any]:
    record = {
        "event_id": f"{producer}:{n}", "timestamp": time.time_ns() // 1000, "level": "INFO", "service": "checkout",
        "host": "web-1", "message": f"order {n}", "metadata": {"status_code": 200, "pid": n},
    }  # fmt: skip
    return {**record, **changes}


def post(stack: Settings, dataset: str, path: str, records: list[Any], timeout: float = 30) -> httpx.Response:
    body = b"\n".join(json.dumps(record).encode() for record in records)
    headers = {"content-type": LINES, "x-crossover-dataset": dataset}
    return httpx.post(f"{stack.ingest.url}/api/collect/{path}", content=body, headers=headers, timeout=timeout)


def rows(stack: Settings, dataset: str, producer: str, kind: Kind = Kind.LOGS) -> list[dict[str, Any]]:
    from psycopg.rows import dict_row

    with connect_postgres(stack, application="test") as connection, connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute("SELECT to_regclass(%s) AS name", (f"{dataset}.{kind}",)).fetchone()
        if not found or found["name"] is None:
            return []
        statement = f"SELECT * FROM {dataset}.{kind} WHERE event_id LIKE %s ORDER BY event_id"
        return cursor.execute(statement.encode(), (f"{producer}:%",)).fetchall()


def wait_until(look: Callable[[], Any], wanted: Callable[[Any], bool], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not wanted(seen := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s; last seen: {str(seen)[:400]}"
        time.sleep(0.2)
    return seen


def dead_letters(stack: Settings, dataset: str) -> list[tuple[bytes, dict[str, bytes]]]:
    consumer = kafka_consumer(stack, group="unused")
    place = TopicPartition(dead_letter_topic(dataset), 0, 0)
    _, end = consumer.get_watermark_offsets(place, timeout=10)
    consumer.assign([place])
    letters = []
    while len(letters) < end:
        message = consumer.poll(10)
        assert message is not None
        assert message.error() is None
        letters.append((message.value() or b"", dict(message.headers() or [])))
    consumer.close()
    return letters


def test_acknowledged_records_are_stored_once_with_their_values(stack: Settings, dataset: str, producer: str) -> None:
    instant = datetime(2026, 1, 2, 23, 59, 59, 999_999, tzinfo=UTC)
    records = [
        log_record(producer, 0, timestamp=instant.isoformat(), message="", metadata={}),
        log_record(producer, 1, timestamp=(instant + timedelta(microseconds=1)).isoformat(), level="CRITICAL"),
        log_record(producer, 2, message="ä\U0001f600\t\\N\n", metadata={"a": [1, "ü"], "response_time_ms": 1.5}),
    ]
    answer = post(stack, dataset, "logs", records)
    assert (answer.status_code, answer.json()) == (200, {"accepted": 3, "rejected": 0, "errors": []})
    stored = wait_until(lambda: rows(stack, dataset, producer), lambda found: len(found) == 3)
    assert [row["timestamp"] for row in stored[:2]] == [instant, instant + timedelta(microseconds=1)]
    assert [row["level"] for row in stored] == ["INFO", "FATAL", "INFO"]
    assert (stored[0]["message"], stored[0]["metadata"], stored[0]["status_code"]) == ("", None, None)
    assert (stored[1]["metadata"], stored[1]["status_code"]) == ({"pid": 1}, 200)
    assert (stored[2]["message"], stored[2]["metadata"]) == ("ä\U0001f600\t\\N\n", {"a": [1, "ü"]})
    assert [row["batch_index"] for row in stored] == [0, 1, 2]
    assert len({(row["kafka_partition"], row["kafka_offset"]) for row in stored}) == 1


def test_events_are_stored_with_their_device_and_data(stack: Settings, dataset: str, producer: str) -> None:
    event = {
        "event_id": f"{producer}:0", "timestamp": time.time_ns() // 1000, "user_id": "u", "session_id": "s",
        "event_type": "PURCHASE", "event_data": {"amount": 12.25}, "device": {"os": "iOS"},
    }  # fmt: skip
    assert post(stack, dataset, "activities", [event]).json()["accepted"] == 1
    (row,) = wait_until(lambda: rows(stack, dataset, producer, Kind.EVENTS), lambda found: len(found) == 1)
    assert (row["event_type"], row["event_data"], row["device_os"]) == ("PURCHASE", {"amount": 12.25}, "iOS")
    assert row["device_type"] is None


def test_a_refused_record_is_a_dead_letter_and_never_a_row(stack: Settings, dataset: str, producer: str) -> None:
    records = [log_record(producer, 0), log_record(producer, 1, level="LOUD"), log_record(producer, 2)]
    answer = post(stack, dataset, "logs", records).json()
    assert (answer["accepted"], answer["rejected"], answer["errors"][0]["index"]) == (2, 1, 1)
    letters = [told for value, told in dead_letters(stack, dataset) if producer.encode() in value]
    assert [(told["event_id"], told["source"]) for told in letters] == [(f"{producer}:1".encode(), b"ingest")]
    stored = wait_until(lambda: rows(stack, dataset, producer), lambda found: len(found) == 2)
    assert [row["event_id"] for row in stored] == [f"{producer}:0", f"{producer}:2"]


def test_poison_in_kafka_stops_nothing_behind_it(stack: Settings, dataset: str, producer: str) -> None:
    kafka = kafka_producer(stack)
    name = topic(Kind.LOGS, dataset)
    good = [json.dumps(log_record(producer, n, metadata=None)).encode() for n in range(2)]
    poison = [b"garbage " + producer.encode(), b"\xff\xff" + producer.encode()]
    for value, headers in [
        (good[0], []),
        (poison[0], []),
        (poison[1], [("content-type", b"application/vnd.apache.arrow.stream")]),
        (good[1], [("content-type", b"application/json")]),
    ]:
        kafka.produce(name, value, headers=headers, partition=1)
    assert kafka.flush(30) == 0
    stored = wait_until(lambda: rows(stack, dataset, producer), lambda found: len(found) == 2)
    offsets = [row["kafka_offset"] for row in stored]
    assert offsets[1] - offsets[0] == 3
    letters = [(value, told) for value, told in dead_letters(stack, dataset) if producer.encode() in value]
    assert {value for value, _ in letters} == set(poison)
    assert {(told["source"], told["partition"]) for _, told in letters} == {(b"load", b"1")}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def rival(stack: Settings) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts loaders of a group of their own: they read the same partitions as the stack's loader."""
    started: list[subprocess.Popen[bytes]] = []
    group = f"rival-{secrets.token_hex(4)}"

    def start() -> subprocess.Popen[bytes]:
        port = free_port()
        mine = {"CROSSOVER_HOME": str(stack.home), "CROSSOVER_LOAD__GROUP": group,
                "CROSSOVER_LOAD__METRICS_PORT": str(port)}  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "crossover.cli", "load"], env=os.environ | mine, stdout=subprocess.DEVNULL
        )
        started.append(process)

        def answers() -> bool:
            try:
                return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code > 0
            except httpx.TransportError:
                return False

        wait_until(answers, bool)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_killed_and_a_rival_loader_neither_lose_nor_repeat(
    stack: Settings, dataset: str, producer: str, rival: Callable[[], subprocess.Popen[bytes]]
) -> None:
    acknowledged = 0
    loader = rival()
    for request in range(60):
        records = [log_record(producer, request * 200 + n) for n in range(200)]
        acknowledged += post(stack, dataset, "logs", records).json()["accepted"]
        if request == 30:
            loader.send_signal(signal.SIGKILL)
            loader.wait()
            loader = rival()
    stored = wait_until(lambda: rows(stack, dataset, producer), lambda found: len(found) >= acknowledged)
    assert acknowledged == 12_000
    assert len({row["event_id"] for row in stored}) == len(stored) == acknowledged
    loader.send_signal(signal.SIGTERM)
    assert loader.wait(30) == 0


def test_the_offsets_in_postgresql_account_for_every_row(stack: Settings, dataset: str, producer: str) -> None:
    post(stack, dataset, "logs", [log_record(producer, 0)])
    wait_until(lambda: rows(stack, dataset, producer), lambda found: len(found) == 1)
    with connect_postgres(stack, application="test") as connection:
        told = dict(
            connection.execute(
                "SELECT partition, rows FROM sink_offset WHERE topic = %s", (topic(Kind.LOGS, dataset),)
            ).fetchall()
        )
        statement = f"SELECT kafka_partition, count(*) FROM {dataset}.logs GROUP BY 1"
        assert told == dict(connection.execute(statement.encode()).fetchall())
