"""The sender against a small HTTP server whose answers are known."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from crossover.benchmark.write.open_loop import OpenLoop, batch_of

Reply = Callable[[int], int]


class Ingest:
    """Answers the n-th request with the status that `reply(n)` returns; keeps the event_ids."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.requests = 0
        self.reply: Reply = lambda _number: 200
        ingest, lock = self, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                records = [json.loads(line) for line in body.splitlines()]
                with lock:
                    number = ingest.requests
                    ingest.requests += 1
                    ingest.ids += [record["event_id"] for record in records]
                status = ingest.reply(number)
                answer = json.dumps({"accepted": len(records), "rejected": 0}).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def loop(self, rate: float, seconds: float, *, connections: int = 2, batch: int = 1000) -> OpenLoop:
        return OpenLoop(
            f"http://127.0.0.1:{self.server.server_port}", "d", rate=rate, seconds=seconds, batch=batch,
            connections=connections, seed=1, stop=threading.Event(),
        )  # fmt: skip


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    made = Ingest()
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_slow_rate_has_ten_small_requests_a_second_and_a_high_one_full_batches() -> None:
    assert [batch_of(rate, 1000) for rate in (1, 20, 2000, 20_000, 90_000)] == [1, 2, 200, 1000, 1000]


def test_the_rate_is_kept_and_every_record_is_another(ingest: Ingest) -> None:
    loop = ingest.loop(2000, 1.0)
    loop.start()
    sent = loop.join()
    assert (sent.acked, sent.missed, sent.unacked, sent.batch) == (2000, 0, 0, 200)
    assert len(sent.ack_seconds) == 10
    assert 0.9 < sent.seconds < 3
    assert sorted(ingest.ids) == sorted(set(ingest.ids))
    assert len(ingest.ids) == 2000


def test_a_stall_shows_in_the_times_of_all_requests_that_were_due_meanwhile(ingest: Ingest) -> None:
    """One connection, ten requests due in half a second, the first is answered after 0.4 s: a closed loop would tell
    of one slow request."""
    wait = threading.Event()

    def reply(number: int) -> int:
        if number == 0:
            wait.wait(0.4)
        return 200

    ingest.reply = reply
    loop = ingest.loop(200, 0.5, connections=1, batch=10)
    loop.start()
    sent = loop.join()
    assert sent.missed == 0
    assert sum(seconds > 0.1 for seconds in sent.ack_seconds) >= 5


def test_what_could_not_be_sent_in_time_is_counted_as_missed(ingest: Ingest) -> None:
    held = threading.Event()

    def reply(number: int) -> int:
        if number == 0:
            held.wait(1.6)
        return 200

    ingest.reply = reply
    loop = ingest.loop(200, 1.5, connections=1, batch=10)
    loop.start()
    sent = loop.join()
    assert sent.missed > 0
    assert sent.acked + sent.missed == 300
    assert len(ingest.ids) == sent.acked


def test_a_refusal_ends_the_sending_and_is_told(ingest: Ingest) -> None:
    ingest.reply = lambda number: 503 if number == 3 else 200
    loop = ingest.loop(200, 5.0, connections=1, batch=10)
    loop.start()
    sent = loop.join()
    assert (sent.acked, sent.unacked) == (30, 10)
    assert "503" in sent.problem
    assert sent.seconds < 3
