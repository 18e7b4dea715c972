"""What comes out of parsing: a record batch of the good records, and the bad ones with their reasons."""

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from crossover.errors import BadInput
from crossover.records import Kind, arrow_schema

Code = Literal[
    "unreadable",  # not JSON, not Arrow, not the right schema
    "missing_field",
    "invalid_field",  # wrong type, unknown level, empty name
    "bad_timestamp",
    "nul_character",
    "too_large",
    "duplicate_event_id",
]

SCHEMAS: dict[Kind, pa.Schema] = {kind: arrow_schema(kind.columns) for kind in Kind}
LAST_MICROSECOND = 253_402_300_799_999_999
"""The end of year 9999 in microseconds since the epoch: the last instant that Python and both stores can hold."""


class TooManyRecords(BadInput):
    """A request holds more records than the limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one body. The defaults bound nothing but time, so that consumers need no clock."""

    max_records: int = 1 << 31
    max_record_bytes: int = 1 << 31
    latest: int = LAST_MICROSECOND
    """A record's time may not be after this, in microseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was refused; `index` is its place in the body, `raw` its bytes as they came."""

    index: int
    event_id: str | None
    code: Code
    reason: str
    raw: bytes


MAX_DEAD_LETTER_BYTES = 512 * 1024
"""A dead letter keeps no more of the refused bytes; its header `bytes` tells how many there were."""


def dead_letter(kind: Kind, source: str, bad: Rejected, **origin: object) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Value and headers of the message that keeps a refused record. `origin` gives further headers."""
    facts = {
        "reason": bad.reason,
        "code": bad.code,
        "kind": kind,
        "event_id": bad.event_id or "",
        "index": bad.index,
        "bytes": len(bad.raw),
        "source": source,
        **origin,
    }
    headers = [(name, str(fact).encode(errors="replace")) for name, fact in facts.items()]
    return bad.raw[:MAX_DEAD_LETTER_BYTES], headers


@dataclass(frozen=True, slots=True)
class Parsed:
    """`batch` has exactly the kind's columns; `indexes` (int32) tells each row's place in the body."""

    batch: pa.RecordBatch
    indexes: pa.Array
    rejected: list[Rejected]


def nothing_parsed(kind: Kind, rejected: list[Rejected]) -> Parsed:
    """No good record at all."""
    return Parsed(pa.RecordBatch.from_pylist([], schema=SCHEMAS[kind]), pa.array([], pa.int32()), rejected)


def unreadable(kind: Kind, body: bytes, reason: str) -> Parsed:
    """The body as a whole could not be read: one rejected record that is the body."""
    return nothing_parsed(kind, [Rejected(0, None, "unreadable", reason, body)])
