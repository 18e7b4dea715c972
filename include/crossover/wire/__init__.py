"""Bytes to record batches and back: what ingest reads from HTTP, and what both consumers read from Kafka.

Both consumers call `decode_message`; its answer depends on the bytes alone, never on the clock, so the two stores hold
the same records.
"""

from crossover.records import Kind
from crossover.wire.arrow_form import encode_batch, parse_arrow
from crossover.wire.json_form import Form, parse_json
from crossover.wire.parsed import Code, Limits, Parsed, Rejected, TooManyRecords, dead_letter, unreadable

CONTENT_TYPE_JSON = "application/json"
CONTENT_TYPE_NDJSON = "application/x-ndjson"
CONTENT_TYPE_ARROW = "application/vnd.apache.arrow.stream"

__all__ = [
    "CONTENT_TYPE_ARROW",
    "CONTENT_TYPE_JSON",
    "CONTENT_TYPE_NDJSON",
    "Code",
    "Form",
    "Limits",
    "Parsed",
    "Rejected",
    "TooManyRecords",
    "dead_letter",
    "decode_message",
    "encode_batch",
    "parse_json",
]

_UNBOUNDED = Limits()
_FORMS: dict[str | None, Form] = {
    None: "object",
    CONTENT_TYPE_JSON: "object",
    CONTENT_TYPE_NDJSON: "lines",
    "application/jsonl": "lines",
}


def decode_message(kind: Kind, content_type: str | None, value: bytes | None) -> Parsed:
    """Read a Kafka message by its `content-type` header; without one it is one JSON record.

    Never raises: what cannot be read at all (a poison message) is one rejected record and an empty batch.
    """
    if not value:
        return unreadable(kind, b"", "the message is empty")
    if content_type == CONTENT_TYPE_ARROW:
        return parse_arrow(kind, value)
    if content_type not in _FORMS:
        return unreadable(kind, value, f"unknown content-type {content_type!r}")
    return parse_json(kind, value, _FORMS[content_type], _UNBOUNDED)
