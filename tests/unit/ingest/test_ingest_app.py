"""The collecting API's answers. Kafka is a list here, or a broker that does not answer."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import zstandard
from starlette.applications import Starlette

from crossover.errors import ServiceDown, ServiceTimeout
from crossover.ingest import body as body_module
from crossover.ingest.app import build
from crossover.ingest.delivery import UNKNOWN, Outgoing
from crossover.records import Kind
from crossover.settings import Ingest, Settings
from crossover.telemetry import REGISTRY
from crossover.wire import Parsed, decode_message

URL = "/api/collect/logs"
JSON = {"content-type": "application/json"}
LINES = {"content-type": "application/x-ndjson"}
LIMITS = Ingest(max_body_bytes=200_000, max_records=500, max_record_bytes=4096, max_bytes_in_flight=400_000)


class Kept:
    """Keeps what it is given; acknowledges at once."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []
        self.closed = False

    async def partitions(self, topic: str) -> int:
        return 4 if topic in {"logs.raw", "events.activity", "logs.raw.other"} else 0

    async def deliver(self, messages: list[Outgoing]) -> None:
        self.messages += messages

    async def check(self) -> int:
        return 0

    def close(self) -> None:
        self.closed = True

    def batches(self) -> list[Parsed]:
        return [
            decode_message(Kind.EVENTS if "events" in m.topic else Kind.LOGS, content_type(m), m.value)
            for m in self.messages
            if "dlq" not in m.topic
        ]

    def dead(self) -> list[Outgoing]:
        return [message for message in self.messages if "dlq" in message.topic]


class Silent(Kept):
    """A broker that takes messages and never answers."""

    async def deliver(self, messages: list[Outgoing]) -> None:
        raise ServiceTimeout(f"Kafka did not acknowledge (_MSG_TIMED_OUT); {UNKNOWN}")

    async def check(self) -> int:
        raise ServiceDown("Kafka does not answer", cure="crossover status")


class Client:
    """Calls the application without a socket."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://test") as client:
                return await client.request(method, path, **options)

        return asyncio.run(call())

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)


async def chunks(*parts: bytes, seconds_between: float = 0) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
        await asyncio.sleep(seconds_between)


def content_type(message: Outgoing) -> str:
    return dict(message.headers)["content-type"].decode()


def log_record(n: int = 0, **changes: Any) -> dict[str, Any]:
    record = {
        "event_id": f"t:{n}", "timestamp": time.time_ns() // 1000, "level": "INFO",
        "service": "s", "host": "h", "message": "m",
    }  # fmt: skip
    return {**record, **changes}


def lines(count: int, **changes: Any) -> bytes:
    return b"\n".join(json.dumps(log_record(n, **changes)).encode() for n in range(count))


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def client(kept: Kept) -> Client:
    return Client(build(Settings(ingest=LIMITS), kept))


@pytest.mark.parametrize("path", ["log", "logs"])
@pytest.mark.parametrize(
    ("headers", "body", "count"),
    [
        (JSON, json.dumps(log_record()).encode(), 1),
        (JSON, json.dumps([log_record(n) for n in range(3)]).encode(), 3),
        (JSON, b"\n " + json.dumps([log_record()]).encode(), 1),
        (LINES, lines(3), 3),
        ({"content-type": "application/jsonl"}, lines(3), 3),
        ({"content-type": "Application/JSON; charset=UTF-8"}, json.dumps(log_record()).encode(), 1),
    ],
)
def test_good_records_become_one_message(
    client: Client, kept: Kept, path: str, headers: dict[str, str], body: bytes, count: int
) -> None:
    response = client.post(f"/api/collect/{path}", content=body, headers=headers)
    assert (response.status_code, response.json()) == (200, {"accepted": count, "rejected": 0, "errors": []})
    assert [m.topic for m in kept.messages] == ["logs.raw"]
    assert kept.batches()[0].batch.column("event_id").to_pylist() == [f"t:{n}" for n in range(count)]


@pytest.mark.parametrize("path", ["activity", "activities"])
def test_events_go_to_their_own_topic(client: Client, kept: Kept, path: str) -> None:
    event = {"event_id": "t:1", "timestamp": time.time_ns() // 1000, "user_id": "u", "session_id": "s"}
    response = client.post(f"/api/collect/{path}", json={**event, "event_type": "CLICK"})
    assert response.status_code == 200
    assert [m.topic for m in kept.messages] == ["events.activity"]


def test_bad_records_are_named_and_kept_as_dead_letters(client: Client, kept: Kept) -> None:
    records = [log_record(0), log_record(1, level="LOUD"), log_record(2)]
    response = client.post(URL, json=records)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert [(e["index"], e["event_id"], e["code"]) for e in answer["errors"]] == [(1, "t:1", "invalid_field")]
    (letter,) = kept.dead()
    assert (letter.topic, json.loads(letter.value)["level"]) == ("logs.dlq", "LOUD")
    told = dict(letter.headers)
    assert (told["code"], told["event_id"], told["source"], told["kind"]) == (
        b"invalid_field", b"t:1", b"ingest", b"logs",
    )  # fmt: skip


def test_only_bad_records_are_a_400_with_the_same_shape(client: Client, kept: Kept) -> None:
    response = client.post(URL, content=lines(150, level="LOUD"), headers=LINES)
    answer = response.json()
    assert (response.status_code, answer["accepted"], answer["rejected"], len(answer["errors"])) == (400, 0, 150, 100)
    assert len(kept.dead()) == 150


@pytest.mark.parametrize("body", [b"", b"garbage", b"[{", b"\xff\xfe"])
def test_a_body_that_cannot_be_read_is_a_400(client: Client, kept: Kept, body: bytes) -> None:
    response = client.post(URL, content=body, headers=JSON)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "unreadable")
    assert [letter.value for letter in kept.dead()] == [body]


def test_an_empty_array_is_accepted_and_sends_nothing(client: Client, kept: Kept) -> None:
    assert client.post(URL, content=b"[]", headers=JSON).json() == {"accepted": 0, "rejected": 0, "errors": []}
    assert kept.messages == []


def test_records_without_an_id_are_given_different_ones(client: Client, kept: Kept) -> None:
    nameless = [{k: v for k, v in log_record(n).items() if k != "event_id"} for n in range(3)]
    client.post(URL, json=nameless)
    client.post(URL, json=nameless)
    ids = [i for parsed in kept.batches() for i in parsed.batch.column("event_id").to_pylist()]
    assert len(set(ids)) == 6
    assert all(i.startswith("ingest-") for i in ids)


def zstd_of_unknown_size(data: bytes) -> bytes:
    compressor = zstandard.ZstdCompressor().compressobj()
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("identity", lambda data: data),
        ("gzip", gzip.compress),
        ("GZIP", lambda data: gzip.compress(data[:500]) + gzip.compress(data[500:])),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("zstd", zstd_of_unknown_size),
    ],
)
def test_a_compressed_body_is_read(client: Client, encoding: str, encode: Any) -> None:
    response = client.post(URL, content=encode(lines(20)), headers={**LINES, "content-encoding": encoding})
    assert response.json()["accepted"] == 20


BOMB = b" " * 3_000_000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(BOMB)),
        ("gzip", gzip.compress(BOMB[:150_000]) * 2),
        ("zstd", zstandard.ZstdCompressor().compress(BOMB)),
        ("zstd", zstd_of_unknown_size(BOMB)),
    ],
)
def test_a_body_that_inflates_beyond_the_limit_is_a_413(client: Client, encoding: str, body: bytes) -> None:
    response = client.post(URL, content=body, headers={**LINES, "content-encoding": encoding})
    assert (response.status_code, "decompressed" in response.json()["message"]) == (413, True)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not gzip"),
        ("gzip", gzip.compress(lines(20))[:-20]),
        ("gzip", gzip.compress(lines(20)) + b"tail"),
        ("gzip", b""),
        ("zstd", b"not zstd"),
        ("zstd", zstandard.ZstdCompressor().compress(lines(20))[:-20]),
        ("zstd", zstd_of_unknown_size(lines(20))[:-20]),
        ("zstd", zstandard.ZstdCompressor().compress(lines(20)) + b"tail"),
        ("zstd", b""),
    ],
)
def test_a_damaged_compressed_body_is_a_400(client: Client, kept: Kept, encoding: str, body: bytes) -> None:
    response = client.post(URL, content=body, headers={**LINES, "content-encoding": encoding})
    assert (response.status_code, kept.messages) == (400, [])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/json; charset=latin-1"},
        {**LINES, "content-encoding": "br"},
        {**LINES, "content-encoding": "gzip, zstd"},
    ],
)
def test_an_unknown_type_or_encoding_is_a_415(client: Client, headers: dict[str, str]) -> None:
    response = client.post(URL, content=lines(1), headers=headers)
    assert response.status_code == 415
    assert response.json()["cure"]


def test_a_body_announced_too_large_is_refused_unread(client: Client) -> None:
    body = chunks(b"x")
    assert client.post(URL, content=body, headers={**LINES, "content-length": "200001"}).status_code == 413
    assert asyncio.run(anext(body)) == b"x"


def test_a_body_that_grows_too_large_is_a_413(client: Client, kept: Kept) -> None:
    response = client.post(URL, content=chunks(*[b" " * 60_000] * 4), headers=LINES)
    assert (response.status_code, kept.messages) == (413, [])


def test_too_many_records_are_a_413(client: Client, kept: Kept) -> None:
    response = client.post(URL, content=lines(501), headers=LINES)
    assert (response.status_code, kept.messages) == (413, [])
    assert "501 records" in response.json()["message"]


def test_a_slow_body_is_a_408(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "BODY_SECONDS", 0.05)
    response = client.post(URL, content=chunks(b"{", b"}", seconds_between=10), headers=JSON)
    assert response.status_code == 408


def test_an_unknown_dataset_is_a_404_with_its_cure(client: Client, kept: Kept) -> None:
    response = client.post(URL, json=[log_record()], headers={"X-Crossover-Dataset": "nope"})
    assert (response.status_code, response.json()["cure"]) == (404, "crossover dataset create nope")
    assert kept.messages == []


def test_the_dataset_of_the_header_selects_the_topics(client: Client, kept: Kept) -> None:
    client.post(URL, json=[log_record(), log_record(1, level="?")], headers={"X-Crossover-Dataset": "other"})
    assert [m.topic for m in kept.messages] == ["logs.raw.other", "logs.dlq.other"]


@pytest.mark.parametrize("name", ["Main", "a.b", "", "a" * 41, "main;"])
def test_a_name_that_can_be_no_dataset_is_a_400(client: Client, name: str) -> None:
    assert client.post(URL, json=[log_record()], headers={"X-Crossover-Dataset": name}).status_code == 400


@pytest.mark.parametrize(("method", "path", "status"), [("GET", URL, 405), ("PUT", URL, 405), ("POST", "/nope", 404)])
def test_a_wrong_method_or_path_is_answered_in_the_same_shape(
    client: Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.json()["accepted"]) == (status, 0)


def test_a_broker_that_does_not_acknowledge_is_a_503_to_be_resent() -> None:
    response = Client(build(Settings(ingest=LIMITS), Silent())).post(URL, json=[log_record()])
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert "unknown: resend with the same event_ids" in response.json()["message"]


def test_nothing_is_counted_as_accepted_without_an_acknowledgement() -> None:
    def accepted() -> float:
        return REGISTRY.get_sample_value("crossover_ingest_accepted_records_total", {"kind": "logs"}) or 0.0

    before = accepted()
    Client(build(Settings(ingest=LIMITS), Silent())).post(URL, json=[log_record()])
    assert accepted() == before
    Client(build(Settings(ingest=LIMITS), Kept())).post(URL, json=[log_record()])
    assert accepted() == before + 1


def test_bytes_in_flight_are_bounded_and_given_back() -> None:
    release = asyncio.Event()

    class Slow(Kept):
        async def deliver(self, messages: list[Outgoing]) -> None:
            await release.wait()

    async def post_three() -> list[int]:
        app = build(Settings(ingest=LIMITS), Slow())
        body = lines(1) + b"\n" + b" " * 150_000
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            waiting = [asyncio.create_task(client.post(URL, content=body, headers=LINES)) for _ in range(2)]
            while REGISTRY.get_sample_value("crossover_ingest_bytes_in_flight") != 2 * len(body):
                await asyncio.sleep(0)
            refused = await client.post(URL, content=body, headers=LINES)
            release.set()
            served = [(await task).status_code for task in waiting]
            again = await client.post(URL, content=body, headers=LINES)
            return [refused.status_code, *served, again.status_code]

    assert asyncio.run(asyncio.wait_for(post_three(), 10)) == [503, 200, 200, 200]
    assert REGISTRY.get_sample_value("crossover_ingest_bytes_in_flight") == 0


def test_health_tells_whether_kafka_answers() -> None:
    up = Client(build(Settings(), Kept())).get("/api/collect/health")
    down = Client(build(Settings(), Silent())).get("/api/collect/health")
    assert (up.status_code, up.json()["status"]) == (200, "up")
    assert (down.status_code, down.json()["cure"]) == (503, "crossover status")


def test_metrics_name_the_answers(client: Client) -> None:
    client.post(URL, json=[log_record()])
    assert 'crossover_ingest_requests_total{path="logs",status="200"}' in client.get("/metrics").text


def test_the_end_of_the_server_closes_the_delivery(kept: Kept) -> None:
    async def serve_and_stop() -> None:
        app = build(Settings(), kept)
        async with app.router.lifespan_context(app):
            assert not kept.closed

    asyncio.run(serve_and_stop())
    assert kept.closed
