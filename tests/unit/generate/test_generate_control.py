"""The control API, over the ASGI application itself; what it sends goes to a real server on this machine."""

import argparse
import asyncio
import json
import socket
import time

import httpx
import pytest

from crossover.errors import BadSetting
from crossover.generate import control
from crossover.generate.control import application
from crossover.generate.live import Generator
from crossover.records import Kind
from crossover.settings import Settings
from crossover.tally import Tally


class Client:
    """Calls an ASGI application without a socket."""

    def __init__(self, app) -> None:
        self.transport = httpx.ASGITransport(app)

    def request(self, method: str, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url="http://generator") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(call())

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str) -> httpx.Response:
        return self.request("POST", path)


@pytest.fixture
def saved() -> list[Tally]:
    return []


@pytest.fixture
def client(ingest, saved):
    generator = Generator(ingest.url, "main", saved.append)
    yield Client(application(generator, Settings()))
    generator.close()


def stored_by(ingest, producer):
    return [identity for identity in ingest.stored if identity.startswith(f"{producer}:")]


def test_the_stream_starts_sends_both_kinds_and_stops(client, ingest, saved):
    started = client.post("/control/start?batch_size=10&log_interval=0.05&event_interval=0.1").json()
    assert started["running"]
    assert started["theoretical_records_per_minute"] == 60 * (200 + 100)
    deadline = time.monotonic() + 10
    while not _both_sent(client.get("/control/status").json(), 20) and time.monotonic() < deadline:
        time.sleep(0.02)
    stopped = client.post("/control/stop").json()
    assert not stopped["running"]
    assert _both_sent(stopped, 20)
    assert stopped["logs_sent"] + stopped["events_sent"] == len(ingest.stored)
    assert stopped["errors"] == stopped["missed"] == 0
    assert {tally.kind for tally in saved if tally.finished} == set(Kind)


def _both_sent(status, count):
    return min(status["logs_sent"], status["events_sent"]) >= count


def test_a_port_that_is_in_use_is_refused_before_anything_is_served():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(generate={"port": taken.getsockname()[1]})
        with pytest.raises(BadSetting, match="cannot listen"):
            control.run(argparse.Namespace(dataset="main"), settings)


def test_a_second_start_is_refused_and_a_start_after_stop_is_a_new_producer(client):
    first = client.post("/control/start").json()
    assert client.post("/control/start").status_code == 409
    client.post("/control/stop")
    second = client.post("/control/start").json()
    assert second["producer"] != first["producer"]


def test_a_rate_rescales_the_stream(client):
    status = client.post("/control/start?log_interval=1&event_interval=4&rate=50").json()
    assert status["theoretical_records_per_minute"] == 3000


def test_status_before_any_start_says_that_nothing_runs(client):
    status = client.get("/control/status").json()
    assert (status["running"], status["logs_sent"], status["producer"]) == (False, 0, None)


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/burst/logs?count=250&batch_size=100", 250),
        ("/burst/events?count=30", 30),
        ("/burst/mixed?log_count=20&event_count=10&batch_size=7", 30),
        ("/burst/mixed?log_count=0&event_count=10", 10),
    ],
)
def test_a_burst_is_acknowledged_before_it_is_answered(client, ingest, path, count):
    answer = client.post(path).json()
    assert (answer["acked"], answer["rejected"], answer["unknown"]) == (count, 0, 0)
    assert len(stored_by(ingest, answer["producer"])) == count


def test_samples_are_records_in_wire_form(client):
    log = client.get("/sample/log").json()
    assert set(log) == {"event_id", "timestamp", "level", "service", "host", "message", "metadata"}
    assert len(client.get("/sample/logs?count=3").json()) == 3
    event = client.get("/sample/event").json()
    assert event["event_type"] == "LOGIN"
    assert len(client.get("/sample/events").json()) == 10


def test_about_health_and_metrics_answer(client):
    assert "POST /control/start" in client.get("/").json()["control"]
    assert client.get("/health").json() == {"status": "ok"}
    assert "crossover_generate_sent_records" in client.get("/metrics").text


@pytest.mark.parametrize(
    ("method", "path", "word"),
    [
        ("POST", "/control/start?batch_size=0", "batch_size"),
        ("POST", "/control/start?batch_size=10001", "batch_size"),
        ("POST", "/control/start?log_interval=0", "log_interval"),
        ("POST", "/control/start?event_interval=nan", "event_interval"),
        ("POST", "/control/start?rate=-1", "rate"),
        ("POST", "/control/start?batchsize=10", "batchsize"),
        ("POST", "/control/stop?now=1", "now"),
        ("POST", "/burst/logs?count=1.5", "count"),
        ("POST", "/burst/logs?count=ten", "count"),
        ("POST", "/burst/logs?count=5&count=6", "twice"),
        ("POST", "/burst/events?count=1000001", "count"),
        ("POST", "/burst/mixed?count=5", "unknown parameter"),
        ("GET", "/sample/log?count=5", "unknown parameter"),
        ("GET", "/sample/logs?count=0", "count"),
        ("GET", "/control/status?x=1", "x"),
    ],
)
def test_a_wrong_or_unknown_parameter_is_refused_by_name(client, ingest, method, path, word):
    answer = client.request(method, path)
    assert answer.status_code == 400
    assert word in json.dumps(answer.json())
    assert not ingest.stored


def test_a_burst_into_an_unknown_dataset_tells_what_ingest_said(client, ingest):
    ingest.faults = lambda n: (404, {}, b'{"error":"no dataset main","cure":"crossover dataset create main"}')
    answer = client.post("/burst/logs?count=5")
    assert answer.status_code == 400
    assert answer.json()["cure"] == "crossover dataset create main"


def test_a_stream_that_ingest_refuses_ends_and_says_why(client, ingest):
    ingest.faults = lambda n: (404, {}, b"no such dataset")
    client.post("/control/start?log_interval=0.01&event_interval=0.01")
    deadline = time.monotonic() + 10
    while client.get("/control/status").json()["running"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "no such dataset" in client.get("/control/status").json()["failure"]


TOKEN = "canary-token"


@pytest.fixture
def guarded(ingest, saved):
    generator = Generator(ingest.url, "main", saved.append)
    yield Client(application(generator, Settings(generate={"token": TOKEN})))
    generator.close()


@pytest.mark.parametrize(
    "given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": f"bearer {TOKEN}x"}]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/control/start"), ("POST", "/control/stop"), ("GET", "/control/status"), ("POST", "/burst/logs"),
        ("POST", "/burst/events"), ("POST", "/burst/mixed"), ("GET", "/sample/log"), ("GET", "/metrics"), ("GET", "/"),
        ("GET", "/health/"), ("GET", "/nowhere"),
    ],
)  # fmt: skip
def test_nobody_without_the_token_gets_further_than_the_health_check(guarded, ingest, method, path, given):
    refused = guarded.request(method, path, given)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN not in refused.text
    assert not ingest.stored


def test_the_token_opens_and_health_needs_none(guarded):
    assert guarded.get("/health").status_code == 200
    assert guarded.request("GET", "/control/status", {"Authorization": f"Bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "10.1.2.3", "::", "generator"])
def test_an_open_control_api_is_refused(host):
    with pytest.raises(BadSetting, match="needs a token"):
        control.run(argparse.Namespace(dataset="main"), Settings(generate={"host": host}))


@pytest.mark.parametrize(("host", "token"), [("127.0.0.1", ""), ("localhost", ""), ("::1", ""), ("0.0.0.0", TOKEN)])
def test_loopback_or_a_token_is_enough(host, token):
    control.require_token(Settings(generate={"host": host, "token": token}))
