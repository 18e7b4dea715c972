"""What the loader says about itself: GET /health and GET /metrics, and one log line a change of state."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from crossover.job import log
from crossover.telemetry import REGISTRY


@dataclass
class Status:
    """Changed by the loader's thread, read by the server's."""

    problem: str = ""
    since: float = field(default_factory=time.monotonic)
    last_commit: float | None = None
    set_aside: dict[str, str] = field(default_factory=dict)
    """Partitions that are not read any more, and why."""

    def failed(self, problem: str) -> None:
        """Log the first failure only; the next ones until `works` are the same outage."""
        if not self.problem:
            log.warning("loading has stopped and is tried again until it works: %s", problem)
            self.since = time.monotonic()
        self.problem = problem

    def works(self) -> None:
        """Log the end of an outage."""
        if self.problem:
            log.info("loading again after %.1f s", time.monotonic() - self.since)
        self.problem = ""

    def committed(self) -> None:
        """A transaction has been committed."""
        self.last_commit = time.monotonic()

    def body(self) -> tuple[int, str]:
        """HTTP status and JSON text of /health."""
        healthy = not self.problem and not self.set_aside
        idle = None if self.last_commit is None else round(time.monotonic() - self.last_commit, 1)
        facts = {
            "status": "up" if healthy else "down",
            "problem": self.problem,
            "set_aside": self.set_aside,
            "seconds_since_commit": idle,
        }
        return (200 if healthy else 503), json.dumps(facts)


def serve(status: Status, port: int) -> ThreadingHTTPServer:
    """Answer on all interfaces in a thread until `shutdown()`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(REGISTRY))
            elif self.path == "/health":
                code, text = status.body()
                self._answer(code, "application/json", text.encode())
            else:
                self._answer(404, "text/plain", b"see /health and /metrics\n")

        def log_message(self, *_: object) -> None:
            """No line a request."""

        def _answer(self, code: int, content_type: str, body: bytes) -> None:
            self.send_response(code)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("0.0.0.0", port), Handler)  # noqa: S104  # scraped from other machines
    threading.Thread(target=server.serve_forever, name="status", daemon=True).start()
    return server
