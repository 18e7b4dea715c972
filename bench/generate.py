"""How fast records are made, beside a generator that makes them one at a time, and what a request costs a client.

Run: python bench/generate.py [--records N] [--rounds N]

The variants take turns within each round, so that what else the machine does hits all of them; figures are medians of
the rounds, in records a second of one core (CPU time of this process).
"""

import argparse
import asyncio
import http.client
import json
import random
import statistics
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from crossover.generate import ndjson
from crossover.generate.synthesise import BLOCK, blocks, records
from crossover.generate.world import DAY_US, Knobs, make_world
from crossover.records import Kind

SERVICES = ("api-gateway", "user-service", "order-service", "payment-service")
MESSAGES = tuple(f"fixed message number {n}" for n in range(14))
WORLD = make_world(1, start_us=20_000 * DAY_US, days=7, knobs=Knobs())


def naive_log() -> dict[str, object]:
    """A record as a generator without vectors makes it: a dict of random choices."""
    level = "ERROR" if random.random() < 0.05 else random.choice(("INFO", "INFO", "DEBUG", "WARN"))
    slow = (500, 5000) if level == "ERROR" else (10, 500)
    return {
        "event_id": str(uuid.uuid4()),
        "timestamp": time.time_ns() // 1000,
        "level": level,
        "service": random.choice(SERVICES),
        "host": f"worker-{random.randint(1, 3)}",
        "message": random.choice(MESSAGES),
        "metadata": {
            "request_id": str(uuid.uuid4()),
            "response_time_ms": random.randint(*slow),
            "status_code": random.choice((500, 502, 503) if level == "ERROR" else (200, 201, 204)),
            "endpoint": random.choice(("/api/users", "/api/orders", "/api/payments")),
            "method": random.choice(("GET", "POST", "PUT", "DELETE")),
        },
    }


def naive(count: int) -> None:
    """Records one at a time, each to its JSON line."""
    for _ in range(count):
        json.dumps(naive_log())


def columns(kind: Kind) -> Callable[[int], None]:
    """Record batches only."""

    def make(count: int) -> None:
        for block in range(count // BLOCK):
            stamps = WORLD.timestamps(WORLD.random(kind, block), 0, BLOCK, BLOCK)
            records(kind, WORLD, "gen-bench", block=block, first_seq=block * BLOCK, timestamps=stamps)

    return make


def lines(kind: Kind) -> Callable[[int], None]:
    """Record batches and their NDJSON bodies."""

    def make(count: int) -> None:
        for block in blocks(kind, WORLD, "gen-bench", count):
            for batch in block.split(1000, 8 << 20):
                len(batch.body)

    return make


def rate(make: Callable[[int], None], count: int) -> float:
    """Records a second of CPU time."""
    before = time.process_time()
    make(count)
    return count / (time.process_time() - before)


class _Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        """Quiet."""


def client_costs(requests: int, rounds: int) -> dict[str, float]:
    """CPU milliseconds of the posting thread for a request of 1,000 records, per client."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    body = bytes(ndjson.body(next(blocks(Kind.LOGS, WORLD, "gen-bench", 1000)).lines))
    costs: dict[str, list[float]] = {"http.client": [], "httpx": [], "httpx async": []}
    for _ in range(rounds):
        connection = http.client.HTTPConnection("127.0.0.1", port)

        def plain(connection: http.client.HTTPConnection = connection) -> None:
            connection.request("POST", "/", body)
            connection.getresponse().read()

        costs["http.client"].append(_thread_ms(plain, requests))
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            costs["httpx"].append(_thread_ms(lambda client=client: client.post("/", content=body), requests))
        costs["httpx async"].append(asyncio.run(_async_ms(port, body, requests)))
    server.shutdown()
    return {name: statistics.median(values) for name, values in costs.items()}


def _thread_ms(post: Callable[[], object], requests: int) -> float:
    before = time.thread_time()
    for _ in range(requests):
        post()
    return (time.thread_time() - before) / requests * 1000


async def _async_ms(port: int, body: bytes, requests: int) -> float:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        before = time.thread_time()
        for _ in range(requests):
            await client.post("/", content=body)
        return (time.thread_time() - before) / requests * 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    variants: dict[str, Callable[[int], None]] = {
        "naive, JSON lines": naive,
        "logs, Arrow": columns(Kind.LOGS),
        "logs, NDJSON": lines(Kind.LOGS),
        "events, Arrow": columns(Kind.EVENTS),
        "events, NDJSON": lines(Kind.EVENTS),
    }
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for make in variants.values():
        make(BLOCK)
    for _ in range(arguments.rounds):
        for name, make in variants.items():
            rates[name].append(rate(make, arguments.records))
    base = statistics.median(rates["naive, JSON lines"])
    for name, values in rates.items():
        median = statistics.median(values)
        print(f"{name:<20} {median:>12,.0f} records/s/core {median / base:>7.1f} x   "
              f"({min(values):,.0f} .. {max(values):,.0f})")  # fmt: skip
    for name, cost in client_costs(200, arguments.rounds).items():
        print(f"{name:<20} {cost:>12.3f} ms CPU a request of 1,000 records")


if __name__ == "__main__":
    main()
