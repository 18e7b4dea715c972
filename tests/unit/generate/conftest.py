"""An HTTP server on this machine that stands in for ingest and misbehaves as told."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Reply = tuple[int, dict[str, str], bytes] | None  # None: hang up without an answer


class FakeIngest(ThreadingHTTPServer):
    """Stores event_ids as ingest would; `faults(n)` may take over the n-th request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults: Callable[[int], Reply | str] = lambda n: "serve"
        self.stored: list[str] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.lock = threading.Lock()

    def handle_error(self, request, client_address):
        """A client that hangs up is part of these tests."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def collect(self, body: bytes) -> Reply:
        accepted, errors = [], []
        for index, line in enumerate(body.splitlines()):
            try:
                record = json.loads(line)
                assert ":broken" not in record["event_id"]
                accepted.append(record["event_id"])
            except (ValueError, AssertionError):
                errors.append({"index": index, "event_id": None, "code": "bad", "reason": "broken"})
        self.stored += accepted
        answer = {"accepted": len(accepted), "rejected": len(errors), "errors": errors[:100]}
        return (200 if accepted else 400), {}, json.dumps(answer).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeIngest

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.bodies.append(body)
            self.server.headers.append(dict(self.headers))
            self.server.paths.append(self.path)
            reply = self.server.faults(len(self.server.bodies) - 1)
            if reply == "serve":
                reply = self.server.collect(body)
            elif reply == "store and hang up":
                self.server.collect(body)
                reply = None
        if reply is None:
            self.close_connection = True
            self.connection.close()
            return
        status, headers, text = reply
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args) -> None:
        """Quiet."""


@pytest.fixture
def ingest() -> Iterator[FakeIngest]:
    server = FakeIngest()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
