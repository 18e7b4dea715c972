"""Which form should a Kafka message have: the client's NDJSON passed through, or an Arrow IPC batch?

The same records go through both forms, round by round in turn, on one core and without a network:
ingest = from the HTTP body to the message's value; load = from the value to PostgreSQL's binary COPY bytes.
Compression is that of Kafka's producer, done here with Arrow's codecs.

    python bench/wire_format.py [--records 1000] [--rounds 15]
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable

import msgspec
import pyarrow as pa

from crossover.load.rows import Place, copy_bytes, with_origin
from crossover.records import EVENT_TYPES, LEVELS, Kind
from crossover.wire import CONTENT_TYPE_ARROW, CONTENT_TYPE_NDJSON, Limits, decode_message, encode_batch, parse_json

START = 1_763_900_000_000_000
SERVICES = ["checkout", "cart", "search", "payment", "users"]
LIMITS = Limits(max_records=100_000, max_record_bytes=256 * 1024)
CODECS = ["none", "lz4", "zstd"]


def log_record(n: int, pick: random.Random) -> dict[str, object]:
    service = pick.choice(SERVICES)
    return {
        "event_id": f"gen-1a2b3c4d:{n}",
        "timestamp": START + n * 1000,
        "level": pick.choices(LEVELS, [10, 70, 12, 7, 1])[0],
        "service": service,
        "host": f"web-{pick.randrange(40):03}",
        "message": f"{service} handled order {pick.randrange(10**7)} in {pick.randrange(900)} ms",
        "metadata": {
            "request_id": f"{pick.getrandbits(64):016x}",
            "response_time_ms": round(pick.expovariate(1 / 40), 2),
            "status_code": pick.choice([200, 200, 200, 201, 404, 500]),
            "endpoint": f"/api/{service}/{pick.randrange(50)}",
            "method": pick.choice(["GET", "POST"]),
        },
    }


def event_record(n: int, pick: random.Random) -> dict[str, object]:
    return {
        "event_id": f"gen-1a2b3c4d:{n}",
        "timestamp": START + n * 1000,
        "user_id": f"user-{pick.randrange(10**5)}",
        "session_id": f"{pick.getrandbits(64):016x}",
        "event_type": pick.choice(EVENT_TYPES),
        "event_data": {"page": f"/p/{pick.randrange(500)}", "position": pick.randrange(20), "amount": 12.25},
        "device": {
            "type": pick.choice(["mobile", "desktop"]),
            "os": pick.choice(["iOS", "Android", "Linux"]),
            "browser": pick.choice(["Safari", "Chrome", "Firefox"]),
        },
    }


def body_of(kind: Kind, count: int) -> bytes:
    pick = random.Random(1)
    record = log_record if kind is Kind.LOGS else event_record
    return b"\n".join(msgspec.json.encode(record(n, pick)) for n in range(count))


def copy_stream(kind: Kind, content_type: str, value: bytes) -> int:
    parsed = decode_message(kind, content_type, value)
    return sum(map(len, copy_bytes([with_origin(kind, Place("t", 0, 0), parsed)])))


def timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def compressed(codec: str, value: bytes) -> bytes:
    return value if codec == "none" else pa.compress(value, codec=codec, asbytes=True)


def measure(kind: Kind, count: int, rounds: int) -> None:
    body = body_of(kind, count)
    arrow = encode_batch(parse_json(kind, body, "lines", LIMITS).batch)
    print(f"\n{kind}: {count} records, {len(body) / count:.0f} bytes of NDJSON each")
    print(f"{'form':<8}{'codec':<7}{'ingest':>15}{'load':>15}{'compress':>15}{'bytes/rec':>11}")
    works: dict[tuple[str, str, str], Callable[[], object]] = {}
    values = {"ndjson": (CONTENT_TYPE_NDJSON, body), "arrow": (CONTENT_TYPE_ARROW, arrow)}
    for form, (content_type, value) in values.items():
        # Passed through or not, each record must be read once, because each bad one must be named in the answer.
        works[form, "", "ingest"] = (
            (lambda: parse_json(kind, body, "lines", LIMITS))
            if form == "ndjson"
            else (lambda: encode_batch(parse_json(kind, body, "lines", LIMITS).batch))
        )
        works[form, "", "load"] = lambda c=content_type, v=value: copy_stream(kind, c, v)
        for codec in CODECS:
            works[form, codec, "compress"] = lambda c=codec, v=value: compressed(c, v)
    for work in works.values():
        work()
    seconds: dict[tuple[str, str, str], list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seconds[name].append(timed(work))
    for form, (_, value) in values.items():
        for codec in CODECS:
            cells = [
                told(seconds[form, "" if step != "compress" else codec, step], count)
                for step in ("ingest", "load", "compress")
            ]
            size = len(compressed(codec, value)) / count
            print(f"{form:<8}{codec:<7}" + "".join(f"{cell:>15}" for cell in cells) + f"{size:>11.0f}")
    print(json.dumps({f"{form} {step} {codec}".strip(): statistics.median(times) / count * 1e6
                      for (form, codec, step), times in seconds.items()}))  # fmt: skip


def told(seconds: list[float], count: int) -> str:
    """Median and half the distance of the quartiles, in microseconds of one core a record."""
    low, middle, high = statistics.quantiles(seconds, n=4)
    return f"{middle / count * 1e6:.2f} ± {(high - low) / 2 / count * 1e6:.2f} us"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1000, help="in one request")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    for kind in Kind:
        measure(kind, arguments.records, arguments.rounds)


if __name__ == "__main__":
    main()
